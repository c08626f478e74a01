/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tcp: members of TCP's options that are written in a way of their own. */
#include "tcp.h"

#include <errno.h>
#include <string.h>

static int
say_number (KinMember *member, uint64_t number)
{
  member->kind = KIN_UINT;
  member->number = number;
  return 0;
}

IP_GET (ip_snd_wscale_get)
{
  (void) field;
  (void) length;
  (void) form;
  return say_number (member, ((const struct tcp_info *) base)->tcpi_snd_wscale);
}

IP_GET (ip_rcv_wscale_get)
{
  (void) field;
  (void) length;
  (void) form;
  return say_number (member, ((const struct tcp_info *) base)->tcpi_rcv_wscale);
}

IP_GET (ip_app_limited_get)
{
  (void) field;
  (void) length;
  (void) form;
  return say_number (member, ((const struct tcp_info *) base)->tcpi_delivery_rate_app_limited);
}

IP_GET (ip_fastopen_fail_get)
{
  (void) field;
  (void) length;
  (void) form;
  return say_number (member, ((const struct tcp_info *) base)->tcpi_fastopen_client_fail);
}

IP_SET (ip_nothing_set)
{
  (void) field;
  (void) base;
  (void) length;
  (void) form;
  (void) member;
  return -EOPNOTSUPP;
}
