//! What a programme and everything it started cost: memory by its proportional share, CPU by the kernel's count.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::demo::wait;

/// Kernel ticks of CPU time in a second (`getconf CLK_TCK` is 100 on every Linux there is).
const TICKS: f64 = 100.0;

/// Memory and CPU over a while.
pub(crate) struct Cost {
    /// Largest sum of PSS seen, in megabytes (10⁶ bytes).
    pub(crate) memory_mb: f64,
    /// CPU time over wall time, per cent of one core.
    pub(crate) cpu_per_cent: f64,
}

impl Cost {
    /// Watches a process and its children for `time`.
    pub(crate) fn of(id: u32, time: Duration) -> Self {
        let (begun, ticks) = (Instant::now(), ticks(&family(id)));
        let mut memory_mb = 0.0_f64;
        while begun.elapsed() < time {
            memory_mb = memory_mb.max(family(id).iter().map(|id| pss_mb(*id)).sum());
            std::thread::sleep(Duration::from_millis(500));
        }
        let spent = ticks_since(&family(id), ticks) / TICKS;
        Self { memory_mb, cpu_per_cent: 100.0 * spent / begun.elapsed().as_secs_f64() }
    }
}

/// CPU time of a process and all below it since their start, in seconds.
pub(crate) fn cpu_s(id: u32) -> f64 {
    ticks(&family(id)) / TICKS
}

/// A process and all below it.
fn family(id: u32) -> BTreeSet<u32> {
    let mut all = BTreeSet::from([id]);
    loop {
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let children: Vec<_> =
            ids.filter(|id| !all.contains(id) && parent(*id).is_some_and(|parent| all.contains(&parent))).collect();
        if children.is_empty() {
            return all;
        }
        all.extend(children);
    }
}

/// Fields of `/proc/ID/stat` after the name, which may hold anything: `state parent …`, see proc(5).
fn stat(id: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    Some(text.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}

fn parent(id: u32) -> Option<u32> {
    stat(id)?.get(1)?.parse().ok()
}

fn ticks(family: &BTreeSet<u32>) -> f64 {
    let of = |id: &u32| {
        let stat = stat(*id)?;
        Some(stat.get(11)?.parse::<f64>().ok()? + stat.get(12)?.parse::<f64>().ok()?)
    };
    family.iter().filter_map(of).sum()
}

fn ticks_since(family: &BTreeSet<u32>, before: f64) -> f64 {
    (ticks(family) - before).max(0.0)
}

fn pss_mb(id: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or_default() * 1024.0 / 1e6
}

/// Headless Chromium with the same slides on one page.
pub(crate) struct Chromium {
    child: Child,
    _folder: TempDir,
}

impl Chromium {
    /// Starts it and waits until the page has loaded.
    pub(crate) fn start(slides: &[PathBuf]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let page = folder.path().join("slides.html");
        fs::write(&page, page_of(slides)).expect("the page is written");
        let child = Command::new(bangtin_tests::process::installed("chromium"))
            .args(["--headless=new", "--no-sandbox", "--kiosk", "--window-size=640,320", "--remote-debugging-port=0"])
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .arg(format!("file://{}", page.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromium starts");
        let ready = folder.path().join("profile/DevToolsActivePort");
        wait("chromium is up", || ready.is_file().then_some(()));
        // Its start-up is not what is compared: the slides have been on for a while then.
        std::thread::sleep(crate::stills::SETTLED);
        Self { child, _folder: folder }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Stills of 8 s with a fade of 400 ms: two layers, the next picture decoded when its turn begins.
fn page_of(slides: &[PathBuf]) -> String {
    let list: Vec<_> = slides.iter().map(|slide| format!("\"file://{}\"", slide.display())).collect();
    format!(
        "<!doctype html><style>body{{margin:0;background:#000}}img{{position:absolute;inset:0;opacity:0;transition:opacity .4s}}\
         img.on{{opacity:1}}</style><img><img><script>const s=[{}];const l=document.images;let n=0;\
         function next(){{const i=l[n%2];i.src=s[n%s.length];i.decode().then(()=>{{i.className='on';l[(n+1)%2].className='';n++}})}}\
         next();setInterval(next,8000)</script>",
        list.join(",")
    )
}
