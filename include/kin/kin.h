/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin/kin.h: all of libkin. */
/* clang-format off */
#ifndef KIN_KIN_H
#define KIN_KIN_H

#include <kin/address.h>
#include <kin/audit.h>
#include <kin/cancel.h>
#include <kin/connect.h>
#include <kin/endpoint.h>
#include <kin/error.h>
#include <kin/export.h>
#include <kin/family.h>
#include <kin/inet.h>
#include <kin/interface.h>
#include <kin/message.h>
#include <kin/netdb.h>
#include <kin/option.h>
#include <kin/path.h>
#include <kin/peer.h>
#include <kin/registry.h>
#include <kin/report.h>
#include <kin/socket.h>
#include <kin/stream.h>
#include <kin/value.h>

#endif
