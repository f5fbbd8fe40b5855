/*
 * device_config.h - sizes of a board that is a device only: one connection, and
 * no room for many. A value for SOTTO_CONFIG; what is not here is as in
 * firmware_config.h.
 */
#ifndef SOTTO_APPS_DEVICE_CONFIG_H
#define SOTTO_APPS_DEVICE_CONFIG_H

#define SERVER_CONNECTIONS 1

#include "apps/firmware/firmware_config.h"

#endif
