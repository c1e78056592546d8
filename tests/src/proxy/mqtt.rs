//! Where one MQTT packet ends and the next begins, so that single ones can be left out. Bytes that are no MQTT pass as they are.

use std::sync::atomic::{AtomicU64, Ordering};

/// Largest packet that is waited for.
const LARGEST: usize = 1 << 20;

/// The packets of one direction of a connection, from its first byte on.
#[derive(Debug, Default)]
pub(super) struct Packets {
    /// A packet that is not whole yet.
    begun: Vec<u8>,
    /// How much of it has passed already.
    passed: usize,
    /// The bytes were none of MQTT.
    raw: bool,
}

impl Packets {
    /// What passes now of what has come: everything, or with `acks` whole packets only, without acknowledgements, which are counted
    /// there.
    pub(super) fn filter(&mut self, bytes: &[u8], acks: Option<&AtomicU64>) -> Vec<u8> {
        if self.raw {
            return bytes.to_vec();
        }
        self.begun.extend_from_slice(bytes);
        let mut out = Vec::new();
        while let Some(length) = packet(&self.begun).filter(|length| *length <= self.begun.len()) {
            let rest = self.begun.split_off(length);
            let packet = std::mem::replace(&mut self.begun, rest);
            match acks {
                Some(count) if self.passed == 0 && is_ack(&packet) => drop(count.fetch_add(1, Ordering::Relaxed)),
                _ => out.extend_from_slice(packet.get(self.passed..).unwrap_or_default()),
            }
            self.passed = 0;
        }
        self.raw = packet(&self.begun).map_or(self.begun.len() >= 5, |length| length > LARGEST);
        if self.raw || acks.is_none() {
            out.extend_from_slice(self.begun.get(self.passed..).unwrap_or_default());
            self.passed = self.begun.len();
        }
        out
    }
}

/// How long the packet at the beginning is, its header included; none when its header is not whole, or is none.
fn packet(bytes: &[u8]) -> Option<usize> {
    let mut length = 0_usize;
    for (place, byte) in bytes.iter().skip(1).take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(length + place + 2);
        }
    }
    None
}

/// Whether it is a PUBLISH to `bangtin/1/d/BOARD/ack`.
fn is_ack(packet: &[u8]) -> bool {
    let header = packet.iter().skip(1).take_while(|byte| *byte & 0x80 != 0).count() + 2;
    let Some([high, low, rest @ ..]) = packet.get(header..) else { return false };
    let topic = rest.get(..usize::from(u16::from_be_bytes([*high, *low]))).unwrap_or_default();
    packet.first().is_some_and(|first| first >> 4 == 3) && topic.starts_with(b"bangtin/1/d/") && topic.ends_with(b"/ack")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publish(topic: &[u8], length: usize) -> Vec<u8> {
        let body = 2 + topic.len() + length;
        let mut bytes = vec![0x32];
        if body < 128 {
            bytes.push(u8::try_from(body).expect("short"));
        } else {
            bytes.extend([u8::try_from(body % 128).expect("seven bits") | 0x80, u8::try_from(body / 128).expect("short")]);
        }
        bytes.extend(u16::try_from(topic.len()).expect("short").to_be_bytes());
        bytes.extend_from_slice(topic);
        bytes.extend(std::iter::repeat_n(9, length));
        bytes
    }

    #[test]
    fn only_acknowledgements_are_left_out_however_the_bytes_are_cut() {
        let (ack, desired) = (publish(b"bangtin/1/d/b-0001/ack", 300), publish(b"bangtin/1/d/b-0001/desired", 5));
        let all = [ack.as_slice(), &desired, &ack, &desired].concat();
        for piece in 1..all.len() {
            let (mut packets, count) = (Packets::default(), AtomicU64::new(0));
            let out: Vec<u8> = all.chunks(piece).flat_map(|bytes| packets.filter(bytes, Some(&count))).collect();
            assert_eq!(out, [desired.as_slice(), &desired].concat(), "in pieces of {piece}");
            assert_eq!(count.load(Ordering::Relaxed), 2);
        }
    }

    #[test]
    fn what_is_only_followed_passes_at_once_and_filtering_may_begin_and_end_anywhere() {
        let all = [publish(b"bangtin/1/d/b-0001/ack", 300), publish(b"bangtin/1/d/b-0001/ack", 9), publish(b"x", 300)].concat();
        for from in 0..400 {
            let (mut packets, count, mut out) = (Packets::default(), AtomicU64::new(0), Vec::new());
            out.extend(packets.filter(&all[..from], None));
            assert_eq!(out, all[..from], "at once");
            out.extend(packets.filter(&all[from..500], Some(&count)));
            out.extend(packets.filter(&all[500..], None));
            let dropped = all.len() - out.len();
            let expected = [publish(b"bangtin/1/d/b-0001/ack", 300).len(), publish(b"bangtin/1/d/b-0001/ack", 9).len()];
            let expected: usize = if from == 0 {
                expected.iter().sum()
            } else if from <= expected[0] {
                expected[1]
            } else {
                0
            };
            assert_eq!(dropped, expected, "filtered from byte {from} on");
        }
    }

    #[test]
    fn what_is_no_mqtt_passes_as_it_is() {
        let all = b"GET / HTTP/1.1\r\n\xff\xff\xff\xff\xff and so on".to_vec();
        let mut packets = Packets::default();
        let out: Vec<u8> = all.chunks(7).flat_map(|bytes| packets.filter(bytes, None)).collect();
        assert_eq!(out, all);
    }
}
