/*
 * lm3s6965evb_config.h - firmware_config.h for a board with an SD card: only what
 * its storage changes. 64 KiB of RAM have room for both roles and eight clients.
 */
#ifndef SOTTO_APPS_FIRMWARE_LM3S6965EVB_CONFIG_H
#define SOTTO_APPS_FIRMWARE_LM3S6965EVB_CONFIG_H

/* A sector. */
#define FLASH_PAGE 512

#define SERVER_HISTORY 32768U

#include "apps/firmware/firmware_config.h"

#endif
