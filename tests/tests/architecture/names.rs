//! The dependency rule as a table: in which files which names must not stand, and why.

/// Within some folders or files, names that must not be used.
pub(super) struct Rule {
    /// Paths from the workspace's root: of folders (ending in `/`) or of files; the rule holds in them …
    within: &'static [&'static str],
    /// … except in these.
    except: &'static [&'static str],
    /// Paths of Rust, as they are written in code.
    pub(super) forbidden: &'static [&'static str],
    /// Said when it is broken.
    pub(super) reason: &'static str,
}

impl Rule {
    pub(super) fn applies_to(&self, path: &str) -> bool {
        let under = |place: &&str| path == *place || (place.ends_with('/') && path.starts_with(*place));
        self.within.iter().any(under) && !self.except.iter().any(under)
    }
}

const PRODUCT: &[&str] = &["playlists/src/", "server/src/", "player/src/"];

pub(super) const RULES: &[Rule] = &[
    Rule { within: PRODUCT, except: &["server/src/store/"], forbidden: &["sqlx"], reason: "only store speaks SQL" },
    Rule {
        within: PRODUCT,
        except: &["server/src/http/"],
        forbidden: &["axum", "axum_extra", "tower_http"],
        reason: "only http speaks HTTP to clients",
    },
    Rule {
        within: PRODUCT,
        // The settings name the broker's own log lines, to leave them out.
        except: &["server/src/broker/", "server/src/config.rs", "player/src/link/", "player/src/link.rs"],
        forbidden: &["rumqttc", "mqtt5"],
        reason: "only broker and link name an MQTT crate",
    },
    Rule {
        within: &["playlists/src/"],
        except: &[],
        forbidden: &[
            "tokio",
            "std::fs",
            "std::net",
            "std::process",
            "std::env",
            "std::thread",
            "SystemTime",
            "Instant::now",
            "Utc::now",
            "Local::now",
            "getrandom",
            "fastrand",
            "tracing",
            "async fn",
        ],
        reason: "the domain is pure: no I/O, no clock, no randomness",
    },
    Rule {
        within: &["server/src/ports.rs", "server/src/store/"],
        except: &[],
        forbidden: &[
            "crate::app",
            "crate::http",
            "crate::broker",
            "crate::media",
            "crate::jobs",
            "crate::lifecycle",
            "crate::cli",
        ],
        reason: "ports and store lie beneath everything else of the server",
    },
    Rule {
        within: &["server/src/edge/"],
        except: &[],
        forbidden: &[
            "crate::app",
            "crate::store",
            "crate::http",
            "crate::broker",
            "crate::jobs",
            "crate::lifecycle",
            "crate::cli",
        ],
        reason: "encryption knows nothing of what is said over it",
    },
    Rule {
        within: PRODUCT,
        // The player's adapters are handed what they encrypt with.
        except: &["server/src/edge/", "player/src/tls.rs", "player/src/api.rs", "player/src/link/", "player/src/lifecycle.rs"],
        forbidden: &["rustls", "tokio_rustls"],
        reason: "only the edge and the player's tls encrypt",
    },
    Rule {
        within: &["server/src/app/"],
        except: &[],
        forbidden: &["crate::http", "crate::broker", "crate::jobs", "crate::lifecycle", "crate::cli", "crate::config"],
        reason: "use cases know nothing of the edges that call them",
    },
    Rule {
        within: &["server/src/http/", "server/src/broker/", "server/src/jobs/", "server/src/media/"],
        // Here the loops are handed to the lifecycle, which alone starts tasks.
        except: &["server/src/jobs/mod.rs"],
        forbidden: &["crate::lifecycle", "crate::cli"],
        reason: "edges are started by the lifecycle and know nothing of it",
    },
    Rule {
        within: &["server/src/http/"],
        except: &[],
        forbidden: &["crate::broker", "crate::jobs"],
        reason: "edges do not know one another",
    },
    Rule {
        within: &["server/src/broker/"],
        except: &[],
        forbidden: &["crate::http", "crate::jobs"],
        reason: "edges do not know one another",
    },
    Rule {
        within: &["server/src/"],
        except: &["server/src/media/clips/", "server/src/demo.rs"],
        forbidden: &["tokio::process", "std::process::Command"],
        reason: "only media starts ffmpeg, confined, and only the demo starts players",
    },
    Rule {
        within: &["server/src/"],
        except: &["server/src/media/clips/"],
        forbidden: &["bangtin_clip"],
        reason: "only media decodes clips",
    },
    Rule {
        within: &["server/src/"],
        except: &[],
        forbidden: &["bangtin_player"],
        reason: "the server knows nothing of the player but how it decodes clips",
    },
    Rule {
        within: &["player/clip/src/"],
        except: &[],
        forbidden: &["tokio", "std::fs", "std::process", "std::thread", "Instant::now", "bangtin_player", "bangtin::"],
        reason: "what decodes clips on server and board reads what it is given, and nothing else",
    },
    Rule {
        within: &["player/src/steps.rs", "player/src/playback.rs", "player/src/mode.rs"],
        except: &[],
        forbidden: &["tokio", "std::fs", "std::net", "SystemTime", "Instant::now", "Utc::now", "reqwest", "redb", "crate::agent"],
        reason: "the player's decisions are pure",
    },
    Rule {
        within: &["player/src/"],
        except: &[
            "player/src/agent/",
            "player/src/agent.rs",
            "player/src/lib.rs",
            "player/src/main.rs",
            "player/src/lifecycle.rs",
            "player/src/opening.rs",
        ],
        forbidden: &["crate::agent"],
        reason: "adapters are called by the agent and know nothing of it",
    },
    Rule {
        within: PRODUCT,
        except: &[
            "server/src/main.rs",
            "server/src/cli.rs",
            "server/src/cli/",
            "player/src/main.rs",
            "player/src/cli.rs",
            "player/src/cli/",
        ],
        forbidden: &["anyhow"],
        reason: "libraries have typed errors; anyhow is for main and cli",
    },
    Rule {
        within: &["tests/outside/"],
        except: &[],
        forbidden: &["playlists", "bangtin"],
        reason: "it imports nothing of the project",
    },
];
