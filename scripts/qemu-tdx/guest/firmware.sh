# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What scripts/qemu-tdx/run does for a guest that the distribution's firmware boots: it refuses options that do not go
# together, and makes what the guest is booted from. The variables are those of `run`.

# check_boot COMMAND...: selects how the guest is booted and by which kernel, where the options do not say so.
check_boot() {
	local option enrolled
	if [[ $firmware != tdvf ]]; then
		for option in --secure-boot --boot --disk --uki --enroll --sign; do
			[[ " $given " != *" $option "* ]] || die "$option is for --firmware tdvf"
		done
	fi
	for option in "${enroll[@]}"; do
		[[ $option =~ ^(db|mok)=(.+)$ ]] || die "--enroll takes db=CERT or mok=CERT"
		enrolled=${BASH_REMATCH[2]}
		[[ -f $enrolled ]] || die "--enroll: there is no $enrolled"
		grep -q -e '^-----BEGIN CERTIFICATE-----' -- "$enrolled" || die "--enroll: $enrolled is no certificate in PEM format"
	done
	if [[ $sign ]]; then
		[[ $sign == ?*,?* ]] || die "--sign takes KEY,CERT"
		for option in "${sign%%,*}" "${sign#*,}"; do
			[[ -f $option ]] || die "--sign: there is no $option"
		done
	fi
	if [[ $disk$uki ]]; then
		check_given "$@"
	elif [[ $secure_boot == on ]]; then
		: "${kernel:=stock}" "${boot:=grub}"
		[[ $kernel == stock || $kernel == amd64 ]] || die "--secure-boot on is for a signed kernel: --kernel stock or amd64"
		[[ $boot != kernel ]] || die "--secure-boot on has the firmware start no kernel but from a disk: --boot grub, uki or systemd"
		[[ $boot == grub || $sign ]] || die "--secure-boot on with --boot $boot needs --sign KEY,CERT and --enroll db=CERT"
	fi
	: "${kernel:=test}" "${boot:=kernel}"
	[[ ! $sign || $kernel == stock || $kernel == amd64 ]] || die "--sign is for --kernel stock or amd64"
}

# check_given COMMAND...: a given disk or image.
check_given() {
	local option file=$disk$uki
	[[ ! $disk || ! $uki ]] || die "--disk and --uki exclude each other"
	for option in --boot --kernel --debug --drivers --add --initrd --sign; do
		[[ " $given " != *" $option "* ]] || die "$option is of no use with --disk or --uki, which has its own kernel and initramfs"
	done
	(($# == 0)) || die "--disk or --uki has its own initramfs, in which no COMMAND can be run"
	[[ -f $file && -r $file ]] || die "${disk:+--disk}${uki:+--uki}: there is no $file"
	[[ ! $disk || $(head -c 3 -- "$file") != QFI ]] || die "--disk takes a raw image, and $file is of QEMU's own format"
	boot=given drivers=none
}

# Sets image to the firmware, with the certificates that are to be enrolled.
make_firmware() {
	local tree i keys=()
	tree=$(firmware_root)
	uses "${tree##*/}"
	[[ -e $tree ]] || "$scripts/setup" firmware >&2
	image=$tree/firmware/no-secure-boot.fd
	[[ $secure_boot == off ]] || image=$tree/firmware/secure-boot.fd
	((${#enroll[@]})) || return 0
	for i in "${!enroll[@]}"; do
		cp -- "${enroll[i]#*=}" "$stage/enroll$i"
		# The GUID says which program has enrolled it. It is of no importance, but for being measured.
		keys+=("--add-${enroll[i]%%=*}" 25f5e3a6-0d5c-4f8e-9a0c-7b1a3c5d7e03 "$stage/enroll$i")
	done
	"$scripts/toolbox" --firmware virt-fw-vars --input "$image" --output "$stage/firmware" "${keys[@]}" \
		>"$stage/enrolled" 2>&1 || die "the certificates can't be enrolled: $(tail -n 1 -- "$stage/enrolled")"
	image=$stage/firmware
}

# Makes a unified kernel image, for make_start.
make_uki() { "$scripts/disk" uki "$KIMAGE" "$stage/initrd" "$options" "$stage/uki" "${signed[@]}"; }

# make_start OPTIONS: sets start to the arguments of QEMU for what the guest is booted from, with these options for the kernel.
make_start() {
	local file=$stage/disk options=$1 signed=()
	[[ ! $sign ]] || signed=("${sign%%,*}" "${sign#*,}")
	case $boot in
	kernel)
		start=(-kernel "$KIMAGE" -initrd "$stage/initrd" -append "$options")
		return ;;
	grub) "$scripts/disk" grub "$KIMAGE" "$stage/initrd" "$options" "$file" ;;
	uki) make_uki && "$scripts/disk" efi "$stage/uki" "$file" ;;
	systemd) make_uki && "$scripts/disk" systemd "$stage/uki" "$file" "${signed[@]}" ;;
	given)
		if [[ $uki ]]; then
			"$scripts/disk" efi "$uki" "$file"
		else
			# It may be where the toolbox does not see it, and is too large to be copied.
			exec {given_disk}<"$disk"
			file=/proc/self/fd/$given_disk
		fi ;;
	esac || die "what the guest boots from could not be made"
	# The firmware's driver has the disk access memory that is shared, if the disk says that it is behind an IOMMU. What the
	# guest writes is gone when it ends.
	start=(-drive "if=none,id=disk,format=raw,snapshot=on,file=${file//,/,,}"
		-device virtio-blk-pci,drive=disk,disable-legacy=on,iommu_platform=on,bootindex=0)
}
