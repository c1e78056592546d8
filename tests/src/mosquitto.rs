//! Mosquitto, the broker most boards will meet elsewhere, on a port of its own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Command;

use tempfile::TempDir;

use crate::eventually::{SOON, eventually};
use crate::process::{Process, installed};

/// A running Mosquitto, without persistence, open to everyone on loopback.
#[derive(Debug)]
pub struct Mosquitto {
    /// Where it listens.
    pub address: SocketAddr,
    process: Process,
    _folder: TempDir,
}

impl Mosquitto {
    /// Starts one and waits until it answers.
    ///
    /// # Panics
    /// When it is not installed or does not answer.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let address = free_address();
        let config = folder.path().join("mosquitto.conf");
        let user = if rustix::process::geteuid().is_root() { "user root\n" } else { "" };
        let text = format!("listener {} {}\nallow_anonymous true\npersistence false\n{user}", address.port(), address.ip());
        std::fs::write(&config, text).expect("the temporary folder takes files");
        let process = Process::start("mosquitto", Command::new(installed("mosquitto")).arg("-v").arg("-c").arg(&config));
        eventually("mosquitto answers", SOON, async || tokio::net::TcpStream::connect(address).await.map(drop)).await;
        Self { address, process, _folder: folder }
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        self.process.kill();
    }
}

/// An address that nobody listens on now; for programs that cannot choose one themselves.
///
/// # Panics
/// When loopback has no port left.
#[must_use]
pub fn free_address() -> SocketAddr {
    let probe = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has free ports");
    probe.local_addr().expect("a bound socket has an address")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn mosquitto_passes_a_message_on() {
        let broker = Mosquitto::start().await;
        let (host, port) = (broker.address.ip().to_string(), broker.address.port().to_string());
        let send = ["-h", &host, "-p", &port, "-t", "a/b", "-q", "1", "-r", "-m", "xin chào"];
        crate::process::run(Command::new(installed("mosquitto_pub")).args(send));
        let take = ["-h", &host, "-p", &port, "-t", "a/+", "-q", "1", "-C", "1", "-W", "20"];
        let heard = crate::process::run(Command::new(installed("mosquitto_sub")).args(take));
        assert_eq!(heard.trim(), "xin chào");
    }
}
