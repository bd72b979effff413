// SPDX-License-Identifier: GPL-2.0

//! Functions at their sockets, with the client of the crate in the place of QEMU.

use std::{
    io::Read as _,
    os::{
        fd::AsRawFd as _,
        unix::net::UnixStream, //
    },
    path::PathBuf, //
};

use vfio_bindings::bindings::vfio::{
    VFIO_IRQ_SET_ACTION_TRIGGER,
    VFIO_IRQ_SET_DATA_EVENTFD, //
};
use vfio_user::Client;

use super::{
    super::{
        Device,
        Options, //
    },
    *, //
};

const CONFIG: u32 = VFIO_PCI_CONFIG_REGION_INDEX;
const BAR0: u32 = VFIO_PCI_BAR0_REGION_INDEX;
const BAR2: u32 = VFIO_PCI_BAR2_REGION_INDEX;

/// Registers of the mailbox.
const CONTROL: u64 = 0x188;
const STATUS: u64 = 0x18c;
const WRITE: u64 = 0x190;
const READ: u64 = 0x194;

/// A folder that is removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tsm-{test}-{}", std::process::id()));

        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Starts a device in it.
    fn start(&self, options: &str) {
        let options = Options::parse(options).unwrap();

        Device::new(&options, 0, &self.0).start(None).unwrap();
    }

    /// Connects to a function.
    fn connect(&self, function: u8) -> Client {
        Client::new(&self.0.join(format!("device0.{function}"))).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Reads a DWORD.
fn read(client: &mut Client, region: u32, offset: u64) -> u32 {
    let mut data = [0; 4];

    client.region_read(region, offset, &mut data).unwrap();
    u32::from_le_bytes(data)
}

/// Writes a DWORD.
fn write(client: &mut Client, region: u32, offset: u64, value: u32) {
    client
        .region_write(region, offset, &value.to_le_bytes())
        .unwrap();
}

/// Sends GET_VERSION.
fn get_version(client: &mut Client) {
    for dword in [0x0001_0001, 3, 0x0000_8410] {
        write(client, CONFIG, WRITE, dword);
    }
    write(client, CONFIG, CONTROL, 1 << 31);
}

#[test]
fn serves_each_function_with_its_regions() {
    let folder = Folder::new("functions");

    folder.start("tdi,functions=3");
    for function in 0..3 {
        let mut client = folder.connect(function);
        let sizes = (0..9).map(|index| client.region(index).unwrap().size);
        assert!(sizes.eq([0x2000, 0, 0x2000, 0, 0x1_0000, 0, 0, 4096, 0]));
        assert_eq!(client.get_irq_info(2).unwrap().count, 2);
        assert_eq!(client.get_irq_info(0).unwrap().count, 0);
        assert_eq!(read(&mut client, CONFIG, 0), 0x0d15_1b36);
        let mailbox = if function == 0 { 0x0001_002e } else { 0 };
        assert_eq!(read(&mut client, CONFIG, 0x180), mailbox);
        assert_eq!(read(&mut client, BAR2, 0), 0);
    }
    assert!(Client::new(&folder.0.join("device0.3")).is_err());
}

#[test]
fn exchanges_objects_and_counts() {
    let folder = Folder::new("objects");
    folder.start("tdi,spdm=1.1");
    let mut client = folder.connect(0);

    get_version(&mut client);
    assert_eq!(read(&mut client, CONFIG, STATUS), 1 << 31);
    let mut response = vec![];
    while read(&mut client, CONFIG, STATUS) != 0 {
        response.push(read(&mut client, CONFIG, READ));
        write(&mut client, CONFIG, READ, 0);
    }
    // 1.0 and 1.1.
    let expected = [0x0001_0001, 5, 0x0000_0410, 0x1000_0200, 0x0000_1100];
    assert_eq!(response, expected);
    // The same registers are in BAR 0 and in configuration space.
    for (offset, expected) in [(0, 1), (4, 3), (8, 5), (0x0c, 12), (0x10, 9), (0x14, 0)] {
        assert_eq!(read(&mut client, BAR0, offset), expected);
    }
    assert_eq!(read(&mut client, CONFIG, 0x108 + 8), 5);
    assert_eq!(read(&mut client, CONFIG, 0x108 + 0x0c), 14);
}

#[test]
fn resets_by_both_ways() {
    let folder = Folder::new("reset");
    folder.start("tdi");
    let mut client = folder.connect(0);

    for reset in [
        |client: &mut Client| client.reset().unwrap(),
        |client: &mut Client| client.region_write(CONFIG, 0x49, &[0x80]).unwrap(),
    ] {
        write(&mut client, CONFIG, 4, 0x6);
        get_version(&mut client);
        assert_eq!(read(&mut client, CONFIG, STATUS), 1 << 31);
        reset(&mut client);
        assert_eq!(read(&mut client, CONFIG, STATUS), 0);
        assert_eq!(read(&mut client, CONFIG, 4), 0x0010_0000);
        assert_eq!(read(&mut client, CONFIG, 0x48), 0);
    }
}

#[test]
fn does_what_is_chosen_to_be_wrong() {
    let folder = Folder::new("wrong");
    folder.start("tdi");
    let mut client = folder.connect(0);
    let number = |name| {
        let names = crate::device::Wrong::ALL.iter();
        let place = names.map(|(_, it)| *it).position(|it| it == name).unwrap();
        u32::try_from(place).unwrap() + 1
    };

    for region in [(BAR0, 0x14), (CONFIG, 0x11c)] {
        write(&mut client, region.0, region.1, number("mailbox-error"));
        get_version(&mut client);
        assert_eq!(read(&mut client, CONFIG, STATUS), 1 << 2);
        // A number that nothing has.
        write(&mut client, region.0, region.1, 10_000);
        assert_eq!(
            read(&mut client, region.0, region.1),
            number("mailbox-error")
        );
        write(&mut client, region.0, region.1, 0);
        get_version(&mut client);
        assert_eq!(read(&mut client, CONFIG, STATUS), 1 << 31);
    }
}

#[test]
fn closes_its_socket_to_vanish() {
    let folder = Folder::new("vanish");
    folder.start("tdi,wrong=mailbox-vanish");
    let mut client = folder.connect(0);
    let mut data = [0; 4];

    get_version(&mut client);
    // The response has 5 DWORDs.
    write(&mut client, CONFIG, READ, 0);
    assert_eq!(read(&mut client, CONFIG, STATUS), 1 << 31);
    assert!(client.region_write(CONFIG, READ, &[0; 4]).is_err());
    assert!(client.region_read(CONFIG, 0, &mut data).is_err());
    // The other function is still there.
    assert_eq!(read(&mut folder.connect(1), CONFIG, 0), 0x0d15_1b36);
}

#[test]
fn sends_an_interrupt_when_the_mailbox_is_ready() {
    let folder = Folder::new("interrupt");
    folder.start("tdi,busy=1000,delay=1000");
    let mut client = folder.connect(0);
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let mut number = [0; 8];

    // The vector of the mailbox has a file, the other one has none.
    let flags = VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_EVENTFD;
    client
        .set_irqs(2, flags, 0, 1, &[theirs.as_raw_fd()])
        .unwrap();
    write(&mut client, CONFIG, CONTROL, 1 << 1);
    for dword in [0x0001_0001, 3, 0x0000_8410] {
        write(&mut client, CONFIG, WRITE, dword);
    }
    write(&mut client, CONFIG, CONTROL, (1 << 31) | (1 << 1));
    ours.read_exact(&mut number).unwrap();
    assert_eq!(u64::from_ne_bytes(number), 1);
    assert_eq!(read(&mut client, CONFIG, STATUS), (1 << 31) | (1 << 1));
}

#[test]
fn copies_to_the_memory_that_it_was_given() {
    let folder = Folder::new("memory");
    folder.start("tdi");
    let mut client = folder.connect(1);
    let path = folder.0.join("memory");
    std::fs::write(&path, vec![0; 8192]).unwrap();
    let file = File::options().read(true).write(true).open(&path).unwrap();
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let mut number = [0; 8];
    let copy = |client: &mut Client| {
        write(client, BAR0, 0x2c, 1);
        [read(client, BAR0, 0x30), read(client, BAR0, 0x34)]
    };

    let flags = VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_EVENTFD;
    client
        .set_irqs(2, flags, 1, 1, &[theirs.as_raw_fd()])
        .unwrap();
    client
        .dma_map(4096, 1 << 32, 4096, file.as_raw_fd())
        .unwrap();
    write(&mut client, BAR0, 0x1000, 0x0403_0201);
    write(&mut client, BAR0, 0x20, 8);
    write(&mut client, BAR0, 0x24, 1);
    write(&mut client, BAR0, 0x28, 4);
    // It is no bus master yet.
    assert_eq!(copy(&mut client), [0, 1]);
    write(&mut client, CONFIG, 4, 0x6);
    assert_eq!(copy(&mut client), [1, 1]);
    assert_eq!(std::fs::read(&path).unwrap()[4104..4109], [1, 2, 3, 4, 0]);
    for _ in 0..2 {
        ours.read_exact(&mut number).unwrap();
        assert_eq!(u64::from_ne_bytes(number), 1);
    }
    client.dma_unmap(1 << 32, 4096).unwrap();
    assert_eq!(copy(&mut client), [1, 2]);
    // A reset clears Bus Master and the request, and no count.
    client.reset().unwrap();
    assert_eq!(copy(&mut client), [1, 3]);
    assert_eq!(read(&mut client, BAR0, 0x28), 0);
}

#[test]
fn refuses_a_socket_that_is_there_or_cannot_be() {
    let folder = Folder::new("socket");
    let options = Options::parse("tdi").unwrap();

    folder.start("tdi");
    let there = Device::new(&options, 0, &folder.0).start(None);
    assert!(there.unwrap_err().contains("device0.0"));
    let missing = folder.0.join("missing");
    assert!(Device::new(&options, 0, &missing).start(None).is_err());
}

#[test]
fn checks_what_is_inside_of_a_region() {
    assert_eq!(check(CONFIG, 4092, &[0; 4]).unwrap(), Region::Config);
    assert_eq!(check(BAR0, 0, &[0; 0x2000]).unwrap(), Region::Registers);
    for (index, offset, size) in [
        (CONFIG, 4092, 5),
        (BAR2, 0x2000, 1),
        (BAR0, u64::MAX, 1),
        (1, 0, 1),
        (9, 0, 1),
    ] {
        assert!(check(index, offset, &vec![0; size]).is_err());
    }
}
