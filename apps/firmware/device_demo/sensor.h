/*
 * sensor.h - what the device is for: a temperature, a limit, and what it says
 * about them. No I/O: a real device reads its temperature where this one is
 * told it (sensor_measure).
 *
 * In the room, to a sensor of the name "sensor":
 *
 *     @sensor status        21.5 C, limit 30.0 C
 *     @sensor limit 35      limit 35.0 C, by alice
 *
 * and by itself "ALARM: 35.1 C, limit 35.0 C", and when it is over.
 */
#ifndef SOTTO_DEVICE_DEMO_SENSOR_H
#define SOTTO_DEVICE_DEMO_SENSOR_H

#include "apps/firmware/device_demo/text.h"

struct sensor {
    int32_t tenths; /* of a degree, now */
    int32_t limit;  /* set by requests, and kept */
    bool is_alarmed;
};

void sensor_init(struct sensor *sensor);
void sensor_measure(struct sensor *sensor, int32_t tenths);

/* What of `text` is a request for the device `name`; false when nothing is. */
bool sensor_is_asked(struct sotto_span text, const char *name,
                     struct sotto_span *request);

/* Carries a request of `from` out and writes the answer. */
void sensor_answer(struct sensor *sensor, struct sotto_span request,
                   struct sotto_span from, struct text *answer);

/* Whether there is something to raise the voice for, and what to say. True
 * until sensor_was_told(). */
bool sensor_has_news(const struct sensor *sensor, struct text *news);
void sensor_was_told(struct sensor *sensor);

#endif
