//! How the machine is: memory, temperature. What cannot be read is not reported.

use std::fs;

/// Resident memory of this process in bytes; 0 where the system does not tell.
#[must_use]
pub fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0).saturating_mul(1024)
}

/// Temperature of the processor in degrees Celsius, where the system tells.
#[must_use]
pub fn temperature() -> Option<f64> {
    let text = fs::read_to_string("/sys/class/thermal/thermal_zone0/temp").ok()?;
    let milli: i32 = text.trim().parse().ok()?;
    Some(f64::from(milli) / 1000.0)
}
