# SPDX-License-Identifier: GPL-2.0
"""What tests of the Debian packages share: the commands that make them, a Debian system to install them in, and a guest that
boots with the initramfs of that."""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = TOP / "scripts/qemu-tdx"
TOOLBOX = SCRIPTS / "toolbox"
OURS = {"tsm", "tsm_tdx", "tsm_sev", "tsm_tdisp"}


def commands(page, place):
    """Returns the lines of the blocks of a page that run at a place."""
    blocks = re.findall(rf"^```sh {place}\n(.*?)^```", (TOP / page).read_text(), re.MULTILINE | re.DOTALL)
    return "".join(blocks).splitlines()


# All commands of documents that make packages.
[MAKE] = commands("README.md", "package")
[SIGNED, ORDINARY, OLDEST, MAINTAINED, METADATA] = commands("Documentation/packages.md", "package")
[OLDEST_KERNEL] = re.findall(r"^TSM_STOCK_KERNEL=(\S+) ", OLDEST)


def run(*command, cwd=TOP, **environment):
    """Returns what a command prints, which has to succeed, without stderr: a guest sends that by another port."""
    result = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1800,
                            env=os.environ | environment)
    if result.returncode:
        raise AssertionError(f"{command}: status {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def copy_to(folder):
    """Copies the checkout, without its history. In one, the modules of all kernels `stock` are built in the same folder."""
    run("bash", "-ec", 'git ls-files -coz --exclude-standard | xargs -0 cp -p --parents -t "$1"', "copy", folder)


def make_packages(command=MAKE, cwd=TOP, **environment):
    """Makes packages; returns a folder that has them, and is the caller's to remove."""
    run("bash", "-euc", command, cwd=cwd, **environment)
    # A folder in /tmp is the same in the toolbox.
    folder = pathlib.Path(tempfile.mkdtemp(dir="/tmp"))
    for path in (cwd / "build/packages").iterdir():
        shutil.copy2(path, folder)
    return folder


def debian(compilers=False):
    """Returns the folder of the system, or with the compilers the ones that are merged to it."""
    run(SCRIPTS / "setup", "toolbox", "stock", "debian")
    trees = ["debian", *(["toolbox"] if compilers else [])]
    return ":".join(run("bash", "-ec", f". {shlex.quote(str(SCRIPTS))}/lib.sh; {tree}_root").strip() for tree in trees)


# $2 is a folder. After `--kernel KERNEL`, the packages are those that were made of the same source as that kernel.
FETCH = r"""
    . "$1/lib.sh"
    . "$1/setup.d/archive.sh"
    # As setup does before it fetches a kernel: the lists are updated by one at a time.
    lock kernel
    archive_update
    cd "$2"
    shift 2
    version=
    [[ $1 != --kernel ]] || { version="=$(version_of "linux-binary-$2")"; shift 2; }
    fetch "${@/%/$version}"
"""


def fetch(folder, *names):
    """Fetches packages of Debian into a folder."""
    run("bash", "-euc", FETCH, "fetch", SCRIPTS, folder, *names)


def fetch_kernel(kernel, folder):
    """Fetches a kernel for clouds, and its headers."""
    release = kernel.removesuffix("-cloud-amd64")
    fetch(folder, "--kernel", kernel, *(f"linux-{name}-{kernel}" for name in ("base", "binary", "image", "modules", "headers")),
          f"linux-headers-{release}-common", f"linux-kbuild-{release}")


def fetch_source(kernel, folder):
    """Fetches the source of a kernel."""
    fetch(folder, "--kernel", kernel, f"linux-source-{re.match(r'[0-9]+[.][0-9]+', kernel)[0]}")


# Runs in a mount namespace: $1 is the system, $2 a folder with packages. A test reads the output of each `section NAME`.
ENTER = """
    work=$(mktemp -d)
    mount -t tmpfs work "$work"
    mkdir "$work"/{upper,work,root}
    mount -t overlay -o "lowerdir=$1,upperdir=$work/upper,workdir=$work/work" overlay "$work/root"
    root=$work/root
    mount --rbind /proc "$root/proc"
    mount -t tmpfs -o mode=755 dev "$root/dev"
    for name in null zero random urandom; do : >"$root/dev/$name"; mount --bind "/dev/$name" "$root/dev/$name"; done
    ln -s /proc/self/fd "$root/dev/fd"
    mkdir "$root/packages"
    mount --bind "$2" "$root/packages"
    cd "$root"
    # No module of the system is for the kernel that runs.
    exec chroot . /usr/bin/setpriv --inh-caps=-sys_module --bounding-set=-sys_module -- \\
        /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive KERNEL="$3" \\
        bash -u /packages/script
"""

SCRIPT = r"""
    exec 2>&1 </dev/null
    cd /packages
    section() { printf '\n== %s\n' "$*"; }
    status() { "$@"; echo "status $?"; }
    # All but what each change of packages leaves: dpkg's own files, logs, and the initramfs, which is looked into instead.
    files() {
        find / -xdev \( -path /proc -o -path /dev -o -path /run -o -path /tmp -o -path /root -o -path /packages -o -path /boot \
            -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/cache/apt -o -path /var/cache/debconf \
            -o -path /var/cache/ldconfig -o -path /var/log -o -path /etc/ld.so.cache \) \
            -prune -o -printf '%y %m %p %l\n' | sort
        find /usr/lib/modules -name 'modules.*' -type f -exec sha256sum {} + | sort
        lsinitramfs "/boot/initrd.img-$KERNEL" | sort
    }
    left() { files | diff /root/before -; }
    # What is not installed completely.
    broken() { dpkg-query -Wf '${db:Status-Abbrev} ${Package}\n' | grep -vE '^(ii|rc)' || :; }
    # fake NAME VERSION: a package that has the files in /root/fake.
    fake() {
        mkdir -p /root/fake/DEBIAN
        printf 'Package: %s\nVersion: %s\nArchitecture: amd64\nMaintainer: A Test <test@localhost>\nDescription: test\n' \
            "$1" "$2" >/root/fake/DEBIAN/control
        dpkg-deb --build /root/fake "/root/$1.deb" >/dev/null
        rm -r /root/fake
        dpkg -i "/root/$1.deb"
    }
"""


def in_debian(root, packages, version, script):
    """Returns the output of each section of a script that runs in an overlay of the system, with a folder of packages and
    the version of the kernel."""
    (packages / "script").write_text(SCRIPT + script)
    namespace = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    output = run(*namespace, "bash", "-euc", ENTER, "enter", root, packages, version)
    parts = re.split(r"^== (.*)\n", output, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def check_guest(test, initrd, kernel, platform, provider, theirs):
    """Boots a kernel with an initramfs that has our modules: udev has loaded them, there is a report that binds a nonce, and the
    name of the kernel's own driver leads to ours."""
    said = run(SCRIPTS / "run", "--kernel", "stock", "--platform", platform, "--memory", "1024", "--timeout", "600",
               "--initrd", initrd, "--", "sh", "-euc", rf"""
        loaded() {{ echo "== $1"; cut -d ' ' -f 1 /proc/modules | grep -E '^tsm|_guest$' | sort; }}
        echo '== kernel'
        uname -r
        loaded udev
        echo '== btf'
        cd /sys/kernel/btf && ls -d tsm*
        mkdir /sys/kernel/config/tsm/report/mine
        cd /sys/kernel/config/tsm/report/mine
        head -c 64 /dev/urandom >/tmp/nonce
        cat /tmp/nonce >inblob
        cat outblob >/tmp/report
        echo '== report'
        cat provider
        hexdump -ve '1/1 "%02x"' /tmp/report | grep -c "$(hexdump -ve '1/1 "%02x"' /tmp/nonce)"
        cd /
        rmdir /sys/kernel/config/tsm/report/mine
        /usr/sbin/modprobe {theirs}
        loaded again
        /usr/sbin/modprobe -r {theirs}
        loaded removed
        /usr/sbin/modprobe {theirs}
        loaded name
    """, TSM_STOCK_KERNEL=kernel)
    parts = re.split(r"^== (\w+)\r?\n", said, flags=re.MULTILINE)
    ours = ["tsm", provider]
    test.assertEqual({name: text.split() for name, text in zip(parts[1::2], parts[2::2])},
                     {"kernel": [kernel], "udev": ours, "btf": ours, "report": [theirs.replace("-", "_"), "1"],
                      "again": ours, "removed": [], "name": ours})
