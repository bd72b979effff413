#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A parser that takes version 5 reports, and decodes the bits that came with version 5, refuses one of its fields.
#
# Package: @tinfoilsh/verifier 1.1.0 from npm. The package does not export its report parser, so the script imports the
# file of the parser itself.
#
# Version 5 of the SNP report made two fields out of reserved bytes: LAUNCH_MIT_VECTOR at 0x1f8 and CURRENT_MIT_VECTOR
# at 0x200. The parser accepts each version from 3 on, and it decodes two bits that came along with version 5,
# PAGE_SWAP_DISABLE of the policy and TIO of the platform information. That suggests that it knows version 5. But the
# two vectors still count as reserved. So a report parses as long as both are zero, and is refused once the firmware
# reports a verified mitigation.
#
# Output seen:
#   vectors 0: version 5, pageSwapDisabled true, tioEnabled true
#   vectors 3: Invalid attestation report: Reserved bytes before signature are not zeroed
#
# Exits 0 while the package behaves so, and 1 when the behaviour changes.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf -- "$dir"' EXIT
cd -- "$dir"
# The package alone: the parser needs none of its dependencies.
npm pack --silent @tinfoilsh/verifier@1.1.0 >/dev/null
tar -xzf tinfoilsh-verifier-1.1.0.tgz

cat >finding.mjs <<'EOF'
import { Report } from './package/dist/sev/report.js';

for (const vectors of [0n, 3n]) {
  const report = new DataView(new ArrayBuffer(1184));
  report.setUint32(0, 5, true); // version
  report.setBigUint64(0x08, 0x2030000n, true); // policy: PAGE_SWAP_DISABLE, the bit that is always one, SMT
  report.setUint32(0x34, 1, true); // ECDSA P-384 with SHA-384
  report.setBigUint64(0x40, 0x80n, true); // platform information: TIO
  report.setUint16(0x188, 0x1119, true); // family and model of Genoa
  report.setBigUint64(0x1f8, vectors, true);
  report.setBigUint64(0x200, vectors, true);
  try {
    const { version, policyParsed, platformInfoParsed } = new Report(new Uint8Array(report.buffer));
    const { pageSwapDisabled } = policyParsed;
    const { tioEnabled } = platformInfoParsed;
    const bits = `pageSwapDisabled ${pageSwapDisabled}, tioEnabled ${tioEnabled}`;
    console.log(`vectors ${vectors}: version ${version}, ${bits}`);
  } catch (error) {
    console.log(`vectors ${vectors}: ${error.message}`);
  }
}
EOF
node finding.mjs | tee seen

diff - seen <<'EOF'
vectors 0: version 5, pageSwapDisabled true, tioEnabled true
vectors 3: Invalid attestation report: Reserved bytes before signature are not zeroed
EOF
