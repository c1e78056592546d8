//! Names folded for searching: lower case, no tone marks, đ to d, so that `dinh hoa` finds `Định Hóa` on both databases.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The folded form of a name.
///
/// ```
/// assert_eq!(bangtin::store::search::fold("Xã Định Hóa"), "xa dinh hoa");
/// ```
#[must_use]
pub fn fold(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    for c in name.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        folded.push(if c == 'đ' { 'd' } else { c });
    }
    folded.trim().to_owned()
}

/// A `like` pattern (escape character `\`) for names that contain this text; everything when it is empty.
#[must_use]
pub fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in fold(text).chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    if pattern.len() > 1 {
        pattern.push('%');
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_without_its_marks() {
        assert_eq!(fold("  Phường ĐỨC Xuân "), "phuong duc xuan");
        assert_eq!(fold("Nghĩa Tá"), fold("nghi\u{303}a ta\u{301}"));
    }

    #[test]
    fn what_is_typed_is_no_pattern_of_its_own() {
        assert_eq!(pattern(""), "%");
        assert_eq!(pattern("50%_\\"), "%50\\%\\_\\\\%");
    }
}
