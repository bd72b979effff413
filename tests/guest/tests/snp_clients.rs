// SPDX-License-Identifier: GPL-2.0

//! What clients in the field do in an SEV-SNP guest, call by call, and what they rely on.

use std::{
    fs::{
        self,
        File, //
    },
    io::Write as _,
    os::unix::fs::{
        DirBuilderExt,
        OpenOptionsExt, //
    },
    path::Path,
    process, //
};

use nix::errno::Errno;
use sha2::{
    Digest as _,
    Sha512, //
};
use tsm_guest_tests::{
    errno,
    reports::{
        Report,
        REPORTS, //
    },
    snp::{
        self,
        device::{
            self,
            ExtendedRequest,
            GuestRequest,
            KeyRequest,
            ReportAnswer,
            ReportRequest,
            DEVICE,
            GET_EXT_REPORT,
            INVALID_LEN, //
        },
        VTPM, //
    },
    Drivers, //
};

/// Does what Go's os.WriteFile does.
fn write_file(path: &Path, data: &[u8]) {
    let mut file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o220)
        .open(path)
        .unwrap();

    assert_eq!(file.write(data).unwrap(), data.len());
}

/// Returns the report that a client gets without writing a level, or none if it is refused.
fn outblob(report: &Report) -> Option<Vec<u8>> {
    // Under an SVSM, level 0 is not the guest's.
    if snp::vmpl() == 0 || Drivers::get().privlevel_defaults_to_the_floor() {
        return Some(report.outblob().unwrap());
    }
    assert_eq!(errno(report.outblob()), Some(Errno::EINVAL));
    None
}

/// Returns the level that snpguest asks for, which is 1 unless its user wants another one.
fn level() -> u32 {
    snp::vmpl().max(1)
}

fn generation(entry: &Path) -> String {
    fs::read_to_string(entry.join("generation")).unwrap()
}

#[test]
fn go_configfs_tsm_reads_the_auxblob_before_the_outblob() {
    // os.MkdirTemp, with mode 0700 and a number after the prefix.
    let entry = Path::new(REPORTS).join("entry2718281828");
    fs::DirBuilder::new().mode(0o700).create(&entry).unwrap();

    assert_eq!(generation(&entry), "0\n");
    write_file(&entry.join("inblob"), &[5; 64]);
    // Without a line feed.
    write_file(&entry.join("privlevel"), b"3");
    for name in ["auxblob", "outblob", "provider"] {
        assert!(!fs::read(entry.join(name)).unwrap().is_empty());
        assert_eq!(generation(&entry), "2\n", "{name}");
    }
    let floor = fs::read_to_string(entry.join("privlevel_floor")).unwrap();
    assert_eq!(floor.trim().parse(), Ok(snp::vmpl()));

    let report = fs::read(entry.join("outblob")).unwrap();
    assert_eq!(report[snp::REPORT_DATA], [5; 64]);
    assert_eq!(report[snp::VMPL], [3, 0, 0, 0]);
    fs::remove_dir(entry).unwrap();
}

#[test]
fn go_sev_guest_looks_for_the_provider_and_leaves_the_report_behind() {
    let probes: Vec<_> = (0..100)
        .map(|number| Report::bare(&format!("entry{number}")).unwrap())
        .collect();

    for probe in &probes {
        assert_eq!(probe.read("provider").unwrap(), b"sev_guest\n");
    }
    let report = Report::bare("entry-after").unwrap();
    report.set_inblob(&[6; 64]).unwrap();
    if let Some(blob) = outblob(&report) {
        assert_eq!(blob[snp::REPORT_DATA], [6; 64]);
    }
}

#[test]
fn go_sev_guest_asks_the_device_for_the_room_first() {
    let file = File::options().read(true).write(true).open(DEVICE).unwrap();
    let (result, info, len) = device::get_ext_report(&file, ReportRequest::new(0), &mut []);

    assert_eq!((result.err(), info), (Some(Errno::EIO), INVALID_LEN));
    assert!(len > 0);
    let mut room = vec![0; len];
    let (answer, _, same) = device::get_ext_report(&file, ReportRequest::new(7), &mut room);

    assert_eq!(same, len);
    // It takes as much as it needs, whatever the answer says of its size.
    assert_eq!(answer.unwrap().report()[..snp::REPORT_SIZE].len(), 1184);
    assert_eq!(snp::certificates(&room).count(), 3);
}

#[test]
#[expect(unsafe_code, reason = "an ioctl")]
fn snpguest_asks_for_certificates_that_are_to_go_nowhere() {
    let file = File::open(DEVICE).unwrap();
    let mut answer = ReportAnswer::untouched();
    let mut request = ExtendedRequest {
        data: ReportRequest::new(8).at(level()),
        certs_address: u64::MAX,
        certs_len: 0,
    };
    let mut call = GuestRequest::new(&mut request, &mut answer);

    // SAFETY: `answer` has room for the answer of this ioctl, and for certificates the request says
    // that there is none.
    let result = unsafe { device::call(&file, GET_EXT_REPORT, &mut call) };
    assert_eq!((result, call.exitinfo2), (Err(Errno::EIO), INVALID_LEN));

    // The same structure again, with the size that the answer has asked for.
    let mut room = vec![0; usize::try_from(request.certs_len).unwrap()];
    request.certs_address = device::address(&mut room[0]);
    let mut call = GuestRequest::new(&mut request, &mut answer);

    // SAFETY: `answer` has room for the answer of this ioctl, and `room` for as many certificates
    // as the request says.
    unsafe { device::call(&file, GET_EXT_REPORT, &mut call) }.unwrap();
    assert_eq!(answer.report()[snp::REPORT_DATA], [8; 64]);
    assert_eq!(snp::certificates(&room).count(), 3);
}

#[test]
fn snpguest_opens_the_device_for_each_request_and_for_reading_only() {
    for byte in 1..=3 {
        let file = File::open(DEVICE).unwrap();
        let (answer, _) = device::get_report(&file, 1, ReportRequest::new(byte).at(level()));

        assert_eq!(
            answer.unwrap().report()[snp::REPORT_DATA],
            [byte; 64],
            "{byte}"
        );
    }
    let request = KeyRequest::at(level());
    let (one, _) = device::get_derived_key(&File::open(DEVICE).unwrap(), request);
    let (other, _) = device::get_derived_key(&File::open(DEVICE).unwrap(), request);
    assert_eq!(one.unwrap().key(), other.unwrap().key());
}

#[test]
fn guest_components_knows_the_platform_by_its_device() {
    assert!(fs::exists("/sys/devices/platform/sev-guest").unwrap());
    let report = Report::bare(".tmpAbC123").unwrap();

    assert_eq!(report.read("provider").unwrap(), b"sev_guest\n");
    // The level as a byte, and not as digits.
    let level = fs::write(report.path("privlevel"), [snp::vmpl() as u8]);
    assert_eq!(errno(level), Some(Errno::EINVAL));
    assert_eq!(report.generation(), 0);
    fs::write(report.path("inblob"), [7; 64]).unwrap();
    if let Some(blob) = outblob(&report) {
        let auxblob = report.read("auxblob").unwrap();

        assert_eq!(blob[snp::REPORT_DATA], [7; 64]);
        assert_eq!(snp::certificates(&auxblob).count(), 3);
    }
    // The client takes any other generation for a conflict.
    assert_eq!(report.generation(), 1);
    report.remove().unwrap();
}

#[test]
fn dstack_takes_a_report_of_the_right_size_only() {
    let probe = Report::bare(&format!("dstack-probe-{}", process::id())).unwrap();
    let provider = String::from_utf8(probe.read("provider").unwrap()).unwrap();
    assert_eq!(provider.trim(), "sev_guest");
    probe.remove().unwrap();

    let report = Report::bare("dstack").unwrap();
    report.set_inblob(&[9; 64]).unwrap();
    if let Some(blob) = outblob(&report) {
        assert_eq!(blob.len(), 1184);
        assert_eq!(blob[0x50..0x90], [9; 64]);
    }
}

#[test]
fn go_tpm_tools_has_the_vtpm_attested_and_gets_the_certificates_by_itself() {
    let report = Report::bare("entry3141592653").unwrap();
    if snp::vmpl() == 0 {
        // There is no SVSM, which it takes for an error.
        assert!(!report.path("service_provider").exists());
        return;
    }
    let nonce = [10; 64];
    // No level, and no line feeds.
    for (name, data) in [
        ("inblob", &nonce[..]),
        ("service_provider", b"svsm"),
        ("service_guid", VTPM.as_bytes()),
        ("service_manifest_version", b"0"),
    ] {
        write_file(&report.path(name), data);
    }
    let [blob, manifest, provider] = ["outblob", "manifestblob", "provider"].map(|name| {
        let data = report.read(name).unwrap();

        assert_eq!(report.generation(), 4, "{name}");
        data
    });
    let bound = Sha512::new().chain_update(nonce).chain_update(manifest);
    assert_eq!(blob[snp::REPORT_DATA], bound.finalize()[..]);
    assert_eq!(provider, b"sev_guest\n");
    report.remove().unwrap();

    // The least privileged level, whatever the guest's is.
    let report = Report::bare("entry2653589793").unwrap();
    write_file(&report.path("inblob"), &nonce);
    write_file(&report.path("privlevel"), b"3");
    let auxblob = report.read("auxblob").unwrap();
    assert_eq!(report.generation(), 2);
    assert_eq!(snp::certificates(&auxblob).count(), 3);
    assert_eq!(report.outblob().unwrap()[snp::REPORT_DATA], nonce);
}
