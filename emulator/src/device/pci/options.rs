// SPDX-License-Identifier: GPL-2.0

//! What the user asks of a device: `tdi,KEY=VALUE,…`.

use std::{
    net::{
        Ipv4Addr,
        SocketAddr, //
    },
    time::Duration, //
};

use super::{
    super::{
        misbehaviour::Wrong,
        persona::Persona,
        requester_id::{
            RequesterId,
            RequesterIds, //
        },
        settings::{
            BarAddresses,
            MutatedPart,
            Settings, //
        },
        suite::{
            Hash,
            Signature, //
        },
        version::Version, //
    },
    mailbox::Timing, //
};
use crate::option::{
    self,
    choice::{
        choose,
        list,
        name,
        Choice,
        Choices, //
    },
    put,
    value::{
        count,
        hex,
        number, //
    },
    Opt,
    Values, //
};

/// The only kind of device.
const KIND: &str = "tdi";

/// The options of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    /// What the device is.
    settings: Settings,
    /// How long it takes.
    pub(super) timing: Timing,
    /// Where its responder is, if it is not its own.
    pub(super) responder: Option<SocketAddr>,
    /// How many objects are right before the mailbox does anything wrong.
    pub(super) after: u32,
    /// The seed of random changes.
    mutate: Option<u64>,
    /// How many responses are changed.
    mutate_count: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            timing: Timing::default(),
            responder: None,
            after: 0,
            mutate: None,
            mutate_count: u64::MAX,
        }
    }
}

/// Values of `persona`.
const PERSONAS: [Choice<Persona>; 4] = [
    Choice::new("cma", Persona::Cma, "below a root port, no IDE, no TDISP"),
    Choice::new("ide", Persona::Ide, "below a root port, IDE, no TDISP"),
    Choice::new(
        "endpoint",
        Persona::Endpoint,
        "below a root port, IDE, TDISP",
    ),
    Choice::new(
        "integrated",
        Persona::Integrated,
        "in the root complex, TDISP",
    ),
];

/// Values of `bars`.
const BARS: [Choice<BarAddresses>; 2] = [
    Choice::new("guest", BarAddresses::Guest, ""),
    Choice::new(
        "host",
        BarAddresses::Host,
        "made up, as if it were passed through",
    ),
];

/// Values of `spdm`.
const VERSIONS: [Choice<Version>; 5] = [
    Choice::new("1.0", Version::V1_0, ""),
    Choice::new("1.1", Version::V1_1, ""),
    Choice::new("1.2", Version::V1_2, ""),
    Choice::new("1.3", Version::V1_3, ""),
    Choice::new("1.4", Version::V1_4, ""),
];

/// Values of `hash`.
const HASHES: [Choice<Hash>; 2] = [
    Choice::new("sha256", Hash::Sha256, ""),
    Choice::new("sha384", Hash::Sha384, ""),
];

/// Values of `signature`.
const SIGNATURES: [Choice<Signature>; 4] = [
    Choice::new("p256", Signature::EcdsaP256, ""),
    Choice::new("p384", Signature::EcdsaP384, ""),
    Choice::new("rsassa", Signature::RsaSsa3072, "of 3072 bits"),
    Choice::new("rsapss", Signature::RsaPss3072, "of 3072 bits"),
];

/// Values of `sessions`.
const SESSIONS: [Choice<bool>; 2] = [
    Choice::new("on", true, ""),
    Choice::new("off", false, "signs for CHALLENGE only"),
];

/// Values of `fresh`.
const FRESH: [Choice<bool>; 2] = [
    Choice::new("on", true, ""),
    Choice::new("off", false, "it may show those of its reset"),
];

/// Values of `mutate_part`.
const MUTATED: [Choice<MutatedPart>; 2] = [
    Choice::new(
        "object",
        MutatedPart::Object,
        "data objects, records of a session among them",
    ),
    Choice::new(
        "message",
        MutatedPart::Message,
        "messages, before they are encrypted",
    ),
];

/// Values of `wrong`.
struct Wrongs;

impl Choices for Wrongs {
    fn rows(&self) -> Vec<(&'static str, &'static str)> {
        let rows = Wrong::ALL.iter();

        rows.map(|(wrong, name)| (*name, wrong.meaning())).collect()
    }
}

/// The options.
const OPTIONS: &[Opt<Options>] = &[
    Opt {
        key: "persona",
        meaning: "what kind of a device it is",
        values: Values::Line(&PERSONAS),
        default: |c| name(&PERSONAS, &c.settings.persona),
        set: |c, v| put(&mut c.settings.persona, choose(&PERSONAS, v)),
    },
    Opt {
        key: "functions",
        meaning: "how many functions it has, 1 to 8",
        values: Values::Said,
        default: |c| c.settings.functions.to_string(),
        set: |c, v| put(&mut c.settings.functions, functions(v)),
    },
    Opt {
        key: "mailboxes",
        meaning: "how many functions have a mailbox, from the first one on, 1 to 8; only that of the first one \
                  reaches interfaces",
        values: Values::Said,
        default: |c| c.settings.mailboxes.to_string(),
        set: |c, v| put(&mut c.settings.mailboxes, functions(v)),
    },
    Opt {
        key: "requester_id",
        meaning: "what it takes for the requester ID of function 0: guest (if persona=integrated), host (3b00, \
                  made up), or a hexadecimal number",
        values: Values::Said,
        default: |_| "host if it has IDE, or guest".into(),
        set: |c, v| put(&mut c.settings.requester_ids, requester_ids(v).map(Some)),
    },
    Opt {
        key: "bars",
        meaning: "whose addresses of BARs it reports",
        values: Values::Line(&BARS),
        default: |c| name(&BARS, &c.settings.bars),
        set: |c, v| put(&mut c.settings.bars, choose(&BARS, v)),
    },
    Opt {
        key: "spdm",
        meaning: "the highest version of SPDM",
        values: Values::Line(&VERSIONS),
        default: |c| name(&VERSIONS, &c.settings.spdm),
        set: |c, v| put(&mut c.settings.spdm, choose(&VERSIONS, v)),
    },
    Opt {
        key: "hash",
        meaning: "the base hash algorithm",
        values: Values::Line(&HASHES),
        default: |c| name(&HASHES, &c.settings.hash),
        set: |c, v| put(&mut c.settings.hash, choose(&HASHES, v)),
    },
    Opt {
        key: "signature",
        meaning: "the signature algorithm",
        values: Values::Line(&SIGNATURES),
        default: |c| name(&SIGNATURES, &c.settings.signature),
        set: |c, v| put(&mut c.settings.signature, choose(&SIGNATURES, v)),
    },
    Opt {
        key: "slots",
        meaning: "mask of the slots that have a certificate chain, hexadecimal",
        values: Values::Said,
        default: |c| format!("{:x}", c.settings.slots),
        set: |c, v| put(&mut c.settings.slots, slots(v)),
    },
    Opt {
        key: "chain",
        meaning: "bytes that a certificate chain has at least",
        values: Values::Said,
        default: |c| c.settings.chain.to_string(),
        set: |c, v| put(&mut c.settings.chain, chain(v)),
    },
    Opt {
        key: "portion",
        meaning: "bytes of a certificate chain in a response at most",
        values: Values::Said,
        default: |_| "what fits".into(),
        set: |c, v| put(&mut c.settings.portion, positive(v)),
    },
    Opt {
        key: "sessions",
        meaning: "whether it has sessions",
        values: Values::Line(&SESSIONS),
        default: |c| name(&SESSIONS, &c.settings.sessions),
        set: |c, v| put(&mut c.settings.sessions, choose(&SESSIONS, v)),
    },
    Opt {
        key: "fresh",
        meaning: "whether it says that it measures anew each time",
        values: Values::Line(&FRESH),
        default: |c| name(&FRESH, &c.settings.fresh),
        set: |c, v| put(&mut c.settings.fresh, choose(&FRESH, v)),
    },
    Opt {
        key: "seed",
        meaning: "start of its random numbers",
        values: Values::Said,
        default: |c| c.settings.seed.to_string(),
        set: |c, v| put(&mut c.settings.seed, number(v)),
    },
    Opt {
        key: "busy",
        meaning: "microseconds for which the mailbox is busy after Go",
        values: Values::Said,
        default: |c| c.timing.busy.as_micros().to_string(),
        set: |c, v| put(&mut c.timing.busy, micros(v)),
    },
    Opt {
        key: "delay",
        meaning: "microseconds from then on until a response is ready",
        values: Values::Said,
        default: |c| c.timing.delay.as_micros().to_string(),
        set: |c, v| put(&mut c.timing.delay, micros(v)),
    },
    Opt {
        key: "responder",
        meaning: "[ADDRESS:]PORT of a responder elsewhere, as spdm-emu has one for PCI_DOE; all that is about SPDM is its own then",
        values: Values::Said,
        default: |_| "the emulator".into(),
        set: |c, v| put(&mut c.responder, responder(v).map(Some)),
    },
    Opt {
        key: "wrong",
        meaning: "what it does wrong",
        values: Values::Table(&Wrongs),
        default: |_| "nothing".into(),
        set: |c, v| put(&mut c.settings.wrong, wrong(v).map(Some)),
    },
    Opt {
        key: "wrong_after",
        meaning: "how many objects are right before a wrong=mailbox-NAME",
        values: Values::Said,
        default: |c| c.after.to_string(),
        set: |c, v| put(&mut c.after, count(v)),
    },
    Opt {
        key: "mutate",
        meaning: "seed of random changes of responses",
        values: Values::Said,
        default: |_| "none".into(),
        set: |c, v| put(&mut c.mutate, number(v).map(Some)),
    },
    Opt {
        key: "mutate_count",
        meaning: "how many responses may be changed",
        values: Values::Said,
        default: |_| "all".into(),
        set: |c, v| put(&mut c.mutate_count, number(v)),
    },
    Opt {
        key: "mutate_every",
        meaning: "one of so many responses is changed, at random",
        values: Values::Said,
        default: |c| c.settings.mutate_every.to_string(),
        set: |c, v| put(&mut c.settings.mutate_every, positive(v)),
    },
    Opt {
        key: "mutate_part",
        meaning: "what is changed",
        values: Values::Line(&MUTATED),
        default: |c| name(&MUTATED, &c.settings.mutate_part),
        set: |c, v| put(&mut c.settings.mutate_part, choose(&MUTATED, v)),
    },
];

/// Parses a number of functions.
fn functions(value: &str) -> Result<u8, &'static str> {
    let functions = value.parse().ok();

    functions
        .filter(|functions| (1..=8).contains(functions))
        .ok_or("1 to 8")
}

/// Parses what the device takes for its requester ID.
fn requester_ids(value: &str) -> Result<RequesterIds, &'static str> {
    match value {
        "guest" => Ok(RequesterIds::Guest),
        "host" => Ok(RequesterIds::Host),
        _ => hex(value)
            .ok()
            .and_then(|raw| u16::try_from(raw).ok())
            .map(|raw| RequesterIds::From(RequesterId::new(raw)))
            .ok_or("guest, host or a hexadecimal number of 16 bits"),
    }
}

/// Parses a mask of slots.
fn slots(value: &str) -> Result<u8, &'static str> {
    u8::try_from(hex(value)?).map_err(|_| "a hexadecimal number of 8 bits")
}

/// Parses the size of a chain.
fn chain(value: &str) -> Result<u16, String> {
    let size = value.parse().ok();

    size.filter(|size| *size <= Settings::MAX_CHAIN)
        .ok_or_else(|| format!("a number up to {}", Settings::MAX_CHAIN))
}

/// Parses a number of 16 bits that is not 0.
fn positive(value: &str) -> Result<u16, &'static str> {
    let number = value.parse().ok();

    number
        .filter(|number| *number > 0)
        .ok_or("a number from 1 to 65535")
}

/// Parses a time in microseconds.
fn micros(value: &str) -> Result<Duration, &'static str> {
    count(value).map(|micros| Duration::from_micros(micros.into()))
}

/// Parses the place of a responder: an address and a port, or a port of this machine.
fn responder(value: &str) -> Result<SocketAddr, &'static str> {
    let port = value.parse().map(|port| (Ipv4Addr::LOCALHOST, port).into());

    port.or_else(|_| value.parse())
        .map_err(|_| "[ADDRESS:]PORT, for example 2323 or [::1]:2323")
}

/// Parses a name of what is wrong.
fn wrong(value: &str) -> Result<Wrong, String> {
    let names = || list(Wrong::ALL.iter().map(|(_, name)| *name));

    value.parse().map_err(|_| names())
}

impl Options {
    /// Parses the options of a device. The error is for the user.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut options = Self::default();
        let mut words = text.split(',');

        if words.next() != Some(KIND) {
            return Err(format!("{KIND}[,KEY=VALUE...]"));
        }
        for word in words {
            let (key, value) = word
                .split_once('=')
                .ok_or_else(|| format!("KEY=VALUE instead of `{word}`"))?;
            let set = option::set(OPTIONS, &mut options, key, value);

            match set {
                Ok(true) => {}
                Ok(false) => {
                    let keys = option::another(option::keys(OPTIONS));
                    return Err(format!("instead of `{key}` {keys}"));
                }
                Err(expected) => {
                    return Err(format!("for {key}, instead of `{value}`: {expected}"))
                }
            }
        }
        let settings = &options.settings;
        if settings.persona.has_ide() && settings.requester_ids == Some(RequesterIds::Guest) {
            return Err("requester_id=guest: the bus below a root port has a number that only the guest knows; \
                        requester_id=NUMBER instead"
                .into());
        }
        Ok(options)
    }

    /// Returns what the device is.
    pub(super) fn settings(&self) -> Settings {
        Settings {
            mutate: self.mutate.map(|seed| (seed, self.mutate_count)),
            ..self.settings.clone()
        }
    }

    /// Returns the help on the options.
    pub(crate) fn help() -> String {
        format!("{KIND}[,KEY=VALUE...] [default]\n{}", option::help(OPTIONS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_defaults() {
        assert_eq!(Options::parse("tdi"), Ok(Options::default()));
        assert_eq!(Options::default().settings(), Settings::default());
    }

    #[test]
    fn takes_all_options() {
        let all = "tdi,persona=cma,functions=8,mailboxes=3,requester_id=0x1234,bars=guest,spdm=1.4,hash=sha256,\
                   signature=rsapss,slots=0xff,chain=3000,portion=100,sessions=off,fresh=off,seed=7,busy=5,delay=6,responder=2323,wrong=doe-type,\
                   wrong_after=3,mutate=8,mutate_count=9,mutate_every=10,mutate_part=message";
        let options = Options::parse(all).unwrap();

        assert_eq!(options.timing.busy, Duration::from_micros(5));
        assert_eq!(options.timing.delay, Duration::from_micros(6));
        assert_eq!(options.responder, Some(([127, 0, 0, 1], 2323).into()));
        assert_eq!(options.after, 3);
        let expected = Settings {
            spdm: Version::V1_4,
            hash: Hash::Sha256,
            signature: Signature::RsaPss3072,
            slots: 0xff,
            persona: Persona::Cma,
            functions: 8,
            mailboxes: 3,
            requester_ids: Some(RequesterIds::From(RequesterId::new(0x1234))),
            bars: BarAddresses::Guest,
            chain: 3000,
            portion: 100,
            sessions: false,
            fresh: false,
            wrong: Some(Wrong::DoeType),
            mutate: Some((8, 9)),
            mutate_every: 10,
            mutate_part: MutatedPart::Message,
            seed: 7,
            ..Settings::default()
        };
        assert_eq!(options.settings(), expected);
        // Each option is among those.
        for key in option::keys(OPTIONS) {
            assert!(all.contains(&format!(",{key}=")));
        }
    }

    #[test]
    fn takes_the_requester_ids_of_guest_and_host() {
        for (value, expected) in [("guest", RequesterIds::Guest), ("host", RequesterIds::Host)] {
            let options = Options::parse(&format!("tdi,requester_id={value}")).unwrap();
            assert_eq!(options.settings().requester_ids, Some(expected));
        }
    }

    #[test]
    fn takes_the_place_of_a_responder() {
        for place in ["10.0.0.2:7", "[::1]:2323"] {
            let options = Options::parse(&format!("tdi,responder={place}")).unwrap();
            assert_eq!(options.responder, place.parse().ok());
        }
    }

    #[test]
    fn takes_each_name_of_what_is_wrong() {
        for (wrong, name) in Wrong::ALL {
            let options = Options::parse(&format!("tdi,wrong={name}")).unwrap();
            assert_eq!(options.settings().wrong, Some(*wrong));
        }
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for (text, expected) in [
            ("", "tdi"),
            ("gpu", "tdi"),
            ("tdi,persona", "KEY=VALUE instead of `persona`"),
            ("tdi,", "KEY=VALUE"),
            ("tdi,colour=red", "another key: persona, functions"),
            ("tdi,persona=gpu", "cma, ide, endpoint or integrated"),
            ("tdi,functions=0", "1 to 8"),
            ("tdi,functions=9", "1 to 8"),
            ("tdi,requester_id=12345", "guest, host or"),
            (
                "tdi,requester_id=guest,persona=endpoint",
                "requester_id=NUMBER",
            ),
            ("tdi,requester_id=guest,persona=ide", "requester_id=NUMBER"),
            ("tdi,bars=none", "guest or host"),
            ("tdi,spdm=1.5", "1.0, 1.1"),
            ("tdi,hash=md5", "sha256 or sha384"),
            ("tdi,signature=p521", "p256, p384"),
            ("tdi,slots=100", "8 bits"),
            ("tdi,chain=65408", "up to 65407"),
            ("tdi,portion=0", "from 1 to 65535"),
            ("tdi,mutate_every=0", "from 1 to 65535"),
            ("tdi,sessions=yes", "on or off"),
            ("tdi,fresh=yes", "on or off"),
            ("tdi,busy=-1", "a number"),
            ("tdi,responder=65536", "[ADDRESS:]PORT"),
            ("tdi,responder=localhost:1", "[ADDRESS:]PORT"),
            ("tdi,mutate_part=all", "object or message"),
            ("tdi,wrong=all", "mailbox-never-ready, "),
        ] {
            let error = Options::parse(text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn helps_on_each_option_and_name() {
        let help = Options::help();

        for key in option::keys(OPTIONS) {
            assert!(help.contains(&format!("\n  {key} ")));
        }
        for (wrong, name) in Wrong::ALL {
            let line = help
                .lines()
                .find(|line| line.split_whitespace().next() == Some(name));
            assert!(line.unwrap().ends_with(wrong.meaning()));
        }
    }
}
