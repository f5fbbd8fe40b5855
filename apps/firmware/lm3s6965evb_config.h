/*
 * lm3s6965evb_config.h - firmware_config.h for a board with 64 KiB of RAM: a
 * server for six clients and nothing else.
 */
#ifndef SOTTO_APPS_FIRMWARE_LM3S6965EVB_CONFIG_H
#define SOTTO_APPS_FIRMWARE_LM3S6965EVB_CONFIG_H

#define FIRMWARE_ROLE  FIRMWARE_ROLE_SERVER
#define FIRMWARE_ARENA 26000U

#define SERVER_CONNECTIONS 6

/* A sector of the SD card. */
#define FLASH_PAGE 512

#include "apps/firmware/firmware_config.h"

#endif
