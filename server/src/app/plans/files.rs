//! The files beside a plan.

use std::borrow::Cow;
use std::path::PathBuf;

/// Largest file that is read, in bytes: the largest clip that is taken.
const MOST_BYTES: u64 = 512 << 20;

/// Where a plan's files are.
#[derive(Debug, Clone)]
pub enum Files {
    /// In a folder.
    Folder(PathBuf),
    /// In this program, by path.
    Within(fn(&str) -> Option<Cow<'static, [u8]>>),
}

impl Files {
    /// A file's bytes.
    ///
    /// # Errors
    /// What is wrong, and what to do, in words for the plan's author.
    pub async fn read(&self, path: &str) -> Result<Cow<'static, [u8]>, String> {
        match self {
            Self::Within(find) => find(path).ok_or_else(|| format!("there is no file {path} beside the plan")),
            Self::Folder(folder) => {
                let file = folder.join(path);
                let size = tokio::fs::metadata(&file).await.map(|found| found.len());
                let size = size.map_err(|e| format!("{} cannot be read ({e}); put it there, or name another", file.display()))?;
                if size > MOST_BYTES {
                    return Err(format!("{} has {size} bytes; at most {MOST_BYTES} are taken", file.display()));
                }
                let bytes = tokio::fs::read(&file).await;
                bytes.map(Cow::Owned).map_err(|e| format!("{} cannot be read ({e})", file.display()))
            }
        }
    }
}
