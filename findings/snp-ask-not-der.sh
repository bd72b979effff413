#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# AMD's own certificates are no DER: a strict decoder refuses them, and one that is not writes other bytes than it read.
#
# Packages: pkilint 0.13.3 and cryptography 43.0.1 of Python; the certificates of Milan are in omne-attest 0.1.0.
#
# The ARK signs the ASK, which signs each VCEK. As all of X.509 they might be expected to be DER, where a value has one
# encoding. Two points are not: the parameters of RSASSA-PSS in both have the trailer field, although it has its default
# value, and the key usage of the ASK (only bit 5, signatures of certificates) says that 1 bit of its byte is unused where it
# is 2. The ASK of Genoa and of Turin has the same bytes, the ARK has a key usage in DER.
#
# OpenSSL accepts the chain, and so does everything that hashes the bytes as they came. pkilint, whose decoder is strict,
# ends with an error for both points. cryptography reads the ASK and says the right usage, but its encoding of that
# extension is not what is in the certificate: a tool that compares extensions, or makes the TBSCertificate again from what
# it has read, gets a signature that does not verify. To emulate or to pin such a certificate takes its bytes.
#
# Output seen:
#   ark: openssl OK, key usage 03020106 is written as 03020106
#   ask: openssl OK, key usage 03020104 is written as 03020204
#   ark: Error decoding "RSASSA_PSS_params": Explicitly encoded default value
#   ask: Error decoding "KeyUsage": Trailing zero bit in named BIT STRING
#   ask: Error decoding "RSASSA_PSS_params": Explicitly encoded default value
#
# Exits 0 while the packages behave so, and 1 when the behaviour changes.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf -- "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check cryptography==43.0.1 omne-attest==0.1.0 pkilint==0.13.3
vectors=$(echo "$dir"/venv/lib/python*/site-packages/omne_attest/vectors)
for name in ark ask; do openssl x509 -inform der -in "$vectors/milan_$name.der" -out "$dir/$name.pem"; done

{
	for name in ark ask; do
		"$dir/venv/bin/python" - "$dir/$name.pem" "$(openssl verify -CAfile "$dir/ark.pem" "$dir/$name.pem")" <<-'PYTHON'
			import pathlib
			import sys

			from cryptography import x509

			file = pathlib.Path(sys.argv[1])
			certificate = x509.load_pem_x509_certificate(file.read_bytes())
			usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
			# The extension's identifier, that it is critical, and its value as an OCTET STRING of 4 bytes.
			before, found, after = certificate.tbs_certificate_bytes.partition(bytes.fromhex("0603551d0f0101ff0404"))
			verdict = sys.argv[2].rpartition(" ")[2]
			print(f"{file.stem}: openssl {verdict}, key usage {after[:4].hex()} is written as {usage.public_bytes().hex()}")
		PYTHON
	done
	for name in ark ask; do
		{ "$dir/venv/bin/lint_pkix_cert" lint "$dir/$name.pem" 2>"$dir/log" || :; } |
			sed -n "s/.*FATAL.*\(Error decoding \"[A-Za-z_]*\"\).*: \(.*\)/$name: \1: \2/p" | sort
	done
} | tee "$dir/seen"

diff -- - "$dir/seen" <<'EOF2'
ark: openssl OK, key usage 03020106 is written as 03020106
ask: openssl OK, key usage 03020104 is written as 03020204
ark: Error decoding "RSASSA_PSS_params": Explicitly encoded default value
ask: Error decoding "KeyUsage": Trailing zero bit in named BIT STRING
ask: Error decoding "RSASSA_PSS_params": Explicitly encoded default value
EOF2
