-- Why a rendition cannot be made, so that pages say it in the operator's language; "error" stays as it is, in English.
alter table rendition add column fault text; -- JSON: {"code", "args"}; null: not failed, or failed before this column was there
