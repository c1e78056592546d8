//! What every page has around it: the bar, the language switch, who is signed in.

use super::files;
use super::visitor::Visitor;
use super::words::{Language, Tr};

/// One entry of the bar.
pub struct Place {
    /// Where it leads.
    pub path: &'static str,
    /// What it is called.
    pub name: String,
    /// Whether the page belongs to it.
    pub here: bool,
    /// Its picture, a name within `parts/icon.html`.
    pub icon: &'static str,
}

/// The bar of a page.
pub struct Frame {
    /// Words.
    pub t: Tr,
    /// Who is signed in.
    pub login: Option<String>,
    /// Where the page belongs.
    pub places: Vec<Place>,
    /// Path and query of this page: where the language switch comes back to.
    pub path: String,
    /// Whether the server takes plain text beyond its machine: every page of those signed in says so.
    pub is_open: bool,
}

impl Frame {
    /// The frame of a page that belongs to `here`: `boards`, `assets`, `playlists`, `campaigns`, `stand-downs`, or nothing.
    #[must_use]
    pub fn of(visitor: &Visitor, here: &str) -> Self {
        let t = visitor.t;
        let place = |path, name, icon| Place { path, name, here: icon == here, icon };
        let places = vec![
            place("/", t.s("nav-overview"), "boards"),
            place("/assets", t.s("nav-assets"), "assets"),
            place("/playlists", t.s("nav-playlists"), "playlists"),
            place("/campaigns", t.s("nav-campaigns"), "campaigns"),
            place("/stand-downs", t.s("nav-stand-downs"), "stand-downs"),
        ];
        let login = visitor.account.as_ref().map(|account| account.login.clone());
        Self { t, login, places, path: visitor.path.clone(), is_open: visitor.is_open }
    }
    /// The tag of the page's language.
    #[must_use]
    pub const fn language(&self) -> &'static str {
        self.t.language.as_str()
    }
    /// The tag of the other language.
    #[must_use]
    pub const fn other(&self) -> &'static str {
        self.t.language.other().as_str()
    }
    /// The other language by its own name.
    #[must_use]
    pub const fn other_name(&self) -> &'static str {
        match self.t.language.other() {
            Language::Vietnamese => "Tiếng Việt",
            Language::English => "English",
        }
    }
    /// The address of a file of ours or of others.
    #[must_use]
    pub fn file(&self, path: &str) -> String {
        files::url(path)
    }
}
