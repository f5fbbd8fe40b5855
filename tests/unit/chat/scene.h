/*
 * scene.h - the world in which tests of the chat play: how one begins, what people
 * do in it, how it ends.
 */
#ifndef SOTTO_TESTS_UNIT_CHAT_SCENE_H
#define SOTTO_TESTS_UNIT_CHAT_SCENE_H

#include "tests/unit/support/world.h"

/* The world of the test that runs; NULL between two of them. */
extern struct world *world;

/* A world in place of the one that there is, if there is one. */
void scene_begin(const struct world_options *options);
/* The same, with accounts of ann and bob, whose passwords are "password". */
void scene_begin_two(const struct world_options *options);

/* For CMocka: the same with nothing special about them. */
int scene_setup(void **state);
int scene_setup_two(void **state);
/* The end. Whatever a test did, nothing is kept of connections that are over. */
int scene_end(void **state);

/* A hub of its own, on the world's accounts and log, in memory to be freed. */
struct sotto_hub *scene_open_hub(const struct sotto_hub_config *config,
                                 void **memory);

/* Somebody in the room, with an account. */
struct world_client *scene_bring(const char *name);
/* Says something so many times. */
void scene_say(struct world_client *client, size_t count);
/* How many entries of a type a client heard, of one sender or of all. */
size_t scene_heard(const struct world_client *client, uint8_t type,
                   const char *sender);
/* The client was refused its login or registration, once, for this. */
void scene_expect_refused(const struct world_client *client,
                          enum sotto_problem problem);

#endif
