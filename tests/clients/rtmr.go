// SPDX-License-Identifier: GPL-2.0

// Extends RTMR 3 with go-configfs-tsm, which has no program of its own.
package main

import (
	"log"

	"github.com/google/go-configfs-tsm/configfs/linuxtsm"
	"github.com/google/go-configfs-tsm/rtmr"
)

func main() {
	client, err := linuxtsm.MakeClient()
	if err != nil {
		log.Fatal(err)
	}
	if err := rtmr.ExtendDigest(client, 3, make([]byte, 48)); err != nil {
		log.Fatal(err)
	}
}
