# SPDX-License-Identifier: GPL-2.0
"""Tests of what the Debian packages do to a system: python3 -m unittest discover tests/build

They are installed in an overlay of a Debian system that has the kernel and nothing of ours, and no network.
"""

import pathlib
import re
import shlex
import shutil
import tempfile
import unittest

import packages
from test_kdir import variables


class Installed(unittest.TestCase):
    """What happens to a system when the packages are installed and removed."""

    CHECKS = {"vmm"}

    @classmethod
    def setUpClass(cls):
        cls.root = packages.debian()
        cls.kernel = variables("stock")["KVERSION"]
        cls.folder = packages.make_packages()
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    def in_debian(self, script):
        return packages.in_debian(self.root, self.folder, self.kernel, script)

    def test_modules(self):
        [install] = packages.commands("README.md", "deb")
        tdx, sev = "cpu:type:x86,ven0000fam0006mod008F:feature:,0000,0116,", "platform:sev-guest"
        said = self.in_debian(rf"""
            by_name() {{ for name in tdx_guest sev-guest; do modprobe -S "$KERNEL" -n -v "$@" $name; done; }}
            files >/root/before
            section install
            status bash -ec {shlex.quote(install)}
            section initramfs
            lsinitramfs "/boot/initrd.img-$KERNEL"
            section tdx
            modprobe -S "$KERNEL" -b -n -v {tdx}
            section sev
            modprobe -S "$KERNEL" -b -n -v {sev}
            section names
            by_name
            section without the file
            by_name -C /dev/null
            section other kind
            status dpkg -i tsm-rs-dkms_*.deb
            section modules removed
            status dpkg -r "tsm-rs-modules-$KERNEL"
            status modprobe -S "$KERNEL" tdx_guest
            section initramfs without modules
            lsinitramfs "/boot/initrd.img-$KERNEL" | grep /updates/
            section modules alone
            status dpkg -i tsm-rs-modules-*.deb
            section initramfs again
            lsinitramfs "/boot/initrd.img-$KERNEL"
            section removed
            status dpkg -r tsm-rs-common "tsm-rs-modules-$KERNEL"
            section names of the kernel
            by_name
            section left
            left
            section broken
            broken
        """)
        self.assertIn("status 0", said["install"], said["install"])
        updates = f"usr/lib/modules/{self.kernel}/updates"
        for section in ("initramfs", "initramfs again"):
            files = said[section].split()
            # Not tsm_tdisp: a device with the root file system is used without it.
            self.assertEqual({name for name in files if name.startswith(f"{updates}/")},
                             {f"{updates}/{name}.ko.xz" for name in ("tsm", "tsm_tdx", "tsm_sev")})
            self.assertIn("usr/lib/modprobe.d/tsm-rs.conf", files)
        self.assertEqual(said["initramfs without modules"].strip(), "")
        for name, provider, theirs in (("tdx", "tsm_tdx", "tdx-guest"), ("sev", "tsm_sev", "sev-guest")):
            loaded = re.findall(r"/updates/(\w+)\.ko", said[name])
            self.assertEqual(loaded, ["tsm", provider], said[name])
            self.assertNotIn(theirs, said[name])
        # The modules that each of the two names loads.
        for name, modules in (("names", "tsm tsm_tdx tsm tsm_sev"),
                              ("without the file", "tsm tdx-guest tsm sev-guest"),
                              ("names of the kernel", "tsm_report tdx-guest tsm_report sev-guest")):
            loaded = re.findall(r"/(tsm\w*|\w+-guest)\.ko", said[name])
            self.assertEqual(loaded, modules.split(), said[name])
        self.assertIn("could not find module by name='tsm_tdx'", said["modules removed"])
        self.assertIn("status 1", said["modules removed"])
        self.assertIn("conflicts with tsm-rs-modules", said["other kind"])
        self.assertIn("status 1", said["other kind"])
        self.assertIn("status 0", said["modules alone"], said["modules alone"])
        self.assertIn("status 0", said["removed"], said["removed"])
        self.assertEqual(said["left"].strip(), "")
        self.assertEqual(said["broken"].strip(), "")

    # Fake packages of the compilers, at first without their programs.
    TOOLS = r"""
        fake bindgen 0.71.1; fake gcc 14; fake rustc 1.85.1
        tool() { printf '#!/bin/sh\necho "%s"\n' "$2" >"/usr/bin/$1"; chmod 755 "/usr/bin/$1"; }
        version=$(dpkg-query -Wf '${Version}' "linux-headers-$KERNEL")
        source=linux-source-$(cut -d. -f1,2 <<<"$KERNEL")
        rustc=$(sed -n 's/^CONFIG_RUSTC_VERSION_TEXT="\(.*\)"/\1/p' "/lib/modules/$KERNEL/build/.config")
        ours() { grep '^tsm-rs: '; }
        trigger() { dpkg-trigger --by-package=dpkg /usr/src && dpkg --configure --pending; }
    """

    def test_no_kernel_is_left_half_configured(self):
        said = self.in_debian(self.TOOLS + r"""
            files >/root/before
            section install
            status dpkg -i tsm-rs-common_*.deb tsm-rs-dkms_*.deb
            section kernel
            status dpkg-reconfigure "linux-headers-$KERNEL" "linux-image-$KERNEL"
            section status
            dkms status
            section no source
            tool rustc "$rustc"
            trigger | ours
            section another source
            mkdir -p /root/fake/usr/src; echo >"/root/fake/usr/src/$source.tar.xz"
            fake "$source" 7.0-1 | ours
            section no tool
            mkdir -p /root/fake/usr/src; echo >"/root/fake/usr/src/$source.tar.xz"
            fake "$source" "$version" | ours
            section bad source
            for name in bindgen bc bison flex; do tool $name "$name 0.71.1"; done
            mkdir -p /usr/lib/rustlib/src/rust/library/core/src /usr/include/openssl
            touch /usr/lib/rustlib/src/rust/library/core/src/lib.rs /usr/include/gelf.h /usr/include/openssl/ssl.h
            tool rustc "$rustc"
            sed -i 's|^echo|[ "$1" = --version ] \|\| { echo /usr; exit; }\necho|' /usr/bin/rustc
            trigger | ours
            section not again
            trigger | ours
            section another bindgen
            tool bindgen "bindgen 0.72.1"
            trigger | ours
            section cache
            ls /var/cache/tsm-rs/*
            section kernel again
            status dpkg-reconfigure "linux-headers-$KERNEL" "linux-image-$KERNEL"
            section broken
            broken
            section other kind
            status dpkg -i tsm-rs-modules-*.deb
            section removed
            rm /usr/bin/{rustc,bindgen,bc,bison,flex} /usr/include/gelf.h /usr/include/openssl/ssl.h
            rmdir /usr/include/openssl
            rm -r /usr/lib/rustlib
            dpkg -r "$source"
            status dpkg -r tsm-rs-dkms tsm-rs-common
            section left
            left
        """)
        no = f"tsm-rs: no modules for Linux {self.kernel}: "
        self.assertIn("status 0", said["install"])
        self.assertEqual(len(re.findall("^tsm-rs: ", said["install"], re.MULTILINE)), 1, said["install"])
        self.assertRegex(said["install"], rf"(?m)^{re.escape(no)}the kernel was built by rustc 1\..*, and here is none$")
        for name in ("kernel", "kernel again"):
            self.assertIn("status 0", said[name], said[name])
        self.assertNotIn("installed", said["status"])
        for name, reason in (("no source", r"linux-source-\S+ is not installed; install linux-source-\S+=\S+ or tsm-rs-kernel-\S+"),
                             ("another source", r"linux-source-\S+ is 7\.0-1; install .*"),
                             ("no tool", "bindgen is missing, which builds the Rust metadata"),
                             ("not again", "making the Rust metadata failed before, see /var/cache/tsm-rs/.*/log")):
            self.assertRegex(said[name].strip(), rf"^{re.escape(no)}{reason}$")
        for name in ("bad source", "another bindgen"):
            self.assertEqual([line.startswith(no) for line in said[name].strip().splitlines()], [False, True])
        self.assertEqual(said["cache"].split(), ["failed", "log"])
        self.assertEqual(said["broken"].strip(), "")
        self.assertIn("conflicts with tsm-rs-dkms", said["other kind"])
        self.assertIn("status 0", said["removed"], said["removed"])
        self.assertEqual(said["left"].strip(), "")

    def test_dkms_builds_when_there_is_metadata(self):
        """A package of metadata comes after the kernel. What it has as a Makefile only copies the modules."""
        said = self.in_debian(self.TOOLS + r"""
            files >/root/before
            dpkg-deb -x tsm-rs-modules-*.deb /root/x
            xz -d /root/x/usr/lib/modules/*/updates/*.xz
            for name in bindgen rustc; do tool $name "$name 0.71.1"; done
            tool rustc "$rustc"
            dpkg -i tsm-rs-common_*.deb tsm-rs-dkms_*.deb >/dev/null
            section metadata
            of=/root/fake/usr/lib/tsm-rs/kernel-metadata/$KERNEL
            mkdir -p "$of"/build/{rust,include/generated}
            touch "$of"/build/rust/{libcore.rmeta,libbindings.rmeta,libmacros.so,libkernel.rmeta} "$of/build/include/generated/rustc_cfg"
            printf 'modules:\n\tmkdir -p $(MO)\n\tcp /root/x/usr/lib/modules/*/updates/*.ko $(MO)\n' >"$of/build/GNUmakefile"
            echo "$version" >"$of/version"
            fake "tsm-rs-kernel-metadata-$KERNEL" 1
            section status
            dkms status
            section initramfs
            lsinitramfs "/boot/initrd.img-$KERNEL" | grep /updates/
            section tdx
            modprobe -S "$KERNEL" -b -n -v cpu:type:x86,ven0000fam0006mod008F:feature:,0000,0116,
            section broken
            broken
            section kernel
            status dpkg-reconfigure "linux-headers-$KERNEL" "linux-image-$KERNEL"
            section removed
            dpkg -r "tsm-rs-kernel-metadata-$KERNEL"
            status dpkg -r tsm-rs-dkms tsm-rs-common
            rm /usr/bin/{rustc,bindgen}
            # DKMS makes a key, where openssl is installed, and keeps it.
            rm -f /var/lib/dkms/mok.*
            section left
            left
        """)
        self.assertRegex(said["status"], rf"^tsm-rs/\S+, {re.escape(self.kernel)}, x86_64: installed", said["metadata"])
        updates = f"usr/lib/modules/{self.kernel}/updates/dkms"
        self.assertEqual({name for name in said["initramfs"].split() if name.startswith(f"{updates}/")},
                         {f"{updates}/{name}.ko.xz" for name in ("tsm", "tsm_tdx", "tsm_sev")})
        self.assertEqual(re.findall(r"/updates/dkms/(\w+)\.ko", said["tdx"]), ["tsm", "tsm_tdx"])
        self.assertEqual(said["broken"].strip(), "")
        self.assertIn("status 0", said["kernel"], said["kernel"])
        self.assertIn("status 0", said["removed"], said["removed"])
        self.assertEqual(said["left"].strip(), "")


class Booted(unittest.TestCase):
    """The kernel of the distribution boots with the initramfs that it made, as a confidential guest."""

    CHECKS = {"vmm"}

    @classmethod
    def setUpClass(cls):
        cls.kernel = variables("stock")["KVERSION"]
        cls.folder = packages.make_packages()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        said = packages.in_debian(packages.debian(), cls.folder, cls.kernel, r"""
            section install
            status dpkg -i tsm-rs-common_*.deb tsm-rs-modules-*.deb
            cp "/boot/initrd.img-$KERNEL" initrd
        """)
        assert "status 0" in said["install"], said["install"]

    def test_as_a_tdx_guest(self):
        packages.check_guest(self, self.folder / "initrd", self.kernel, "tdx", "tsm_tdx", "tdx_guest")

    def test_as_an_snp_guest(self):
        packages.check_guest(self, self.folder / "initrd", self.kernel, "snp", "tsm_sev", "sev-guest")


class Examples(unittest.TestCase):
    """What the examples of tsm-rs-common for udev and for systemd-tmpfiles let the members of groups do."""

    CHECKS = {"vmm"}
    EXAMPLES = packages.TOP / "packaging/common/examples"
    # `debian NAME PROGRAM ARGUMENT...` runs a program of Debian by a name. `access` prints what a group may do.
    SCRIPT = r"""
        debian() { name=$1 program=$2; shift 2; /add/debian/ld-linux-x86-64.so.2 --library-path /add/debian \
            --argv0 $name /add/debian/$program "$@"; }
        udev() { debian udevadm udevadm "$@"; }
        register=/sys/kernel/tsm/tdx/rtmr3/sha384/digest
        report=/sys/kernel/config/tsm/report/attest
        access() { stat -c '%a %U %G' "$@"; }
        extend() { su user -c "head -c 48 /dev/urandom >$register" && echo extended; }
        printf '%s\n' root:x:0: attest:x:101:user measure:x:102:user user:x:1000: >/etc/group
        echo user:x:1000:1000::/:/bin/sh >>/etc/passwd
        mkdir -p /run /etc/udev/rules.d /etc/tmpfiles.d

        echo '== udev'
        cp /add/tsm-rs.rules /etc/udev/rules.d/60-tsm-rs.rules
        debian systemd-udevd udevadm --daemon >/dev/null 2>&1
        load tsm tsm_tdx
        udev settle
        access /dev/tdx_guest $register
        extend
        su user -c ': </dev/tdx_guest' && echo opened
        udev control --exit

        echo '== tmpfiles'
        rmmod tsm_tdx
        load tsm_tdx
        access $register
        extend 2>/dev/null || echo refused
        cp /add/tsm-rs.tmpfiles /etc/tmpfiles.d/tsm-rs.conf
        debian systemd-tmpfiles systemd-tmpfiles --create
        access $register $report $report/inblob
        extend
        su user -c "head -c 64 /dev/urandom >$report/inblob && cat $report/outblob >/tmp/quote" && [ -s /tmp/quote ] && echo quote
    """

    def test_groups_may_do_what_they_say(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir="/tmp")))
        packages.in_debian(packages.debian(), folder, variables("stock")["KVERSION"], r"""
            mkdir debian
            cp -L /usr/bin/udevadm /usr/bin/systemd-tmpfiles debian
            ldd debian/* | grep -oE '/\S+[.]so[.0-9]*' | sort -u | xargs cp -Lt debian
        """)
        adds = [folder / "debian", self.EXAMPLES / "tsm-rs.rules", self.EXAMPLES / "tsm-rs.tmpfiles"]
        said = packages.run(packages.SCRIPTS / "run", "--kernel", "stock", "--drivers", "none", "--timeout", "300",
                            *(word for add in adds for word in ("--add", add)), "--", "sh", "-c", self.SCRIPT)
        parts = re.split(r"^== (\w+)\r?\n", said, flags=re.MULTILINE)
        self.assertEqual({name: text.splitlines() for name, text in zip(parts[1::2], parts[2::2])}, {
            "udev": ["660 root attest", "664 root measure", "extended", "opened"],
            "tmpfiles": ["644 root root", "refused", "664 root measure", "755 root root", "220 root attest", "extended",
                         "quote"]}, said)


if __name__ == "__main__":
    unittest.main()
