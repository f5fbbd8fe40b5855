/*
 * three.c - three devices in one MLS group, as firmware would have it: the
 * installed headers, memory that is there from the start, no heap.
 *
 * A network and a server are left out: here, what one device hands out is
 * handed to the others. On real ones each has a scratch of its own, its own
 * `main`, and something that puts handshake messages into one order for all.
 */
#include <sotto/mls.h>
#include <sotto/secret.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------- what a port brings */

void sotto_panic(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s (%s:%d)\n", what, file, line); /* a board: reset */
    abort();
}

static enum sotto_err fill_random(void *ctx, uint8_t *out, size_t len)
{
    FILE *source = fopen("/dev/urandom", "rb"); /* a board: its generator */
    size_t got = source != NULL ? fread(out, 1, len, source) : 0;

    (void)ctx;
    if (source != NULL) {
        (void)fclose(source);
    }
    return got == len ? SOTTO_OK : SOTTO_ERR_RANDOM;
}

static void must(enum sotto_err err, const char *what)
{
    if (err != SOTTO_OK) {
        fprintf(stderr, "%s: %s\n", what, sotto_err_name(err));
        exit(1);
    }
}

/* ------------------------------------------------------------------- memory */

#define MESSAGE_MAX 2048

static const struct sotto_mls_config config = {.members = 4,
                                               .leaf_len = 320,
                                               .context_len = 64,
                                               .proposals = 4,
                                               .proposal_bytes = 1024,
                                               .past_psks = 1,
                                               .message_len = MESSAGE_MAX,
                                               .kept = 8,
                                               .window = 8,
                                               .forward = 32};

/* Sizes that were printed once by sotto_mls_group_size() and
 * sotto_mls_scratch_size(), and some to spare; main() compares. */
#define GROUP_WORDS   800
#define SCRATCH_WORDS 800

struct device {
    const char *name;
    uint64_t memory[GROUP_WORDS];
    struct sotto_mls_group *group;
    uint8_t signature_key[SOTTO_MLS_PRIVATE_MAX];
    struct sotto_mls_package_keys keys;
    uint8_t package[512];
    struct sotto_span key_package; /* a view of it */
};

static struct device devices[3]; /* zeros, which take no flash */
static const char *const names[3] = {"pump", "valve", "panel"};
static uint64_t scratch[SCRATCH_WORDS];
static const struct sotto_random random_bytes = {NULL, fill_random};
static const struct sotto_mls_client client = {.scratch = scratch,
                                               .scratch_len = sizeof scratch,
                                               .now = SOTTO_TIME_UNKNOWN,
                                               .random = &random_bytes};

/* Where messages are written; on a device, what goes to the network. */
static uint8_t message_bytes[MESSAGE_MAX];
static uint8_t welcome_bytes[MESSAGE_MAX];
static uint8_t pending_bytes[MESSAGE_MAX];

static struct sotto_span view(const struct sotto_mls_buffer *buffer)
{
    return (struct sotto_span){buffer->at, buffer->len};
}

static struct sotto_span text(const char *s)
{
    return (struct sotto_span){(const uint8_t *)s, strlen(s)};
}

/* ------------------------------------------------------------------ joining */

/* Done once for each device: its signature key is who it is. */
static void start(struct device *device, const char *name)
{
    device->name = name;
    device->group = sotto_mls_group_init(device->memory, &config);
    must(sotto_mls_signature_key_make(&client, SOTTO_MLS_SUITE_P256_AES128GCM,
                                      device->signature_key, NULL),
         "signature key");
}

/* What a device publishes so that others can add it; used once. */
static void make_key_package(struct device *device)
{
    const struct sotto_mls_identity identity = {
        .credential = {SOTTO_MLS_CREDENTIAL_BASIC, text(device->name)},
        .signature_private = device->signature_key,
        .lifetime = {0, UINT64_MAX}};
    struct sotto_mls_buffer out = {device->package, sizeof device->package, 0};

    must(sotto_mls_key_package_make(&client, SOTTO_MLS_SUITE_P256_AES128GCM,
                                    &identity, &device->keys, &out),
         "key package");
    device->key_package = view(&out);
}

static struct sotto_mls_member_keys member_keys(const struct device *device)
{
    return (struct sotto_mls_member_keys){
        .key_package = device->key_package,
        .init_private = device->keys.init_private,
        .encryption_private = device->keys.encryption_private,
        .signature_private = device->signature_key};
}

static void join(struct device *device, struct sotto_span welcome)
{
    const struct sotto_span in_welcome = {NULL, 0}; /* the ratchet tree */
    const struct sotto_mls_member_keys keys = member_keys(device);

    must(sotto_mls_join(device->group, &client, &keys, welcome, in_welcome,
                        NULL),
         "join");
    sotto_wipe(&device->keys, sizeof device->keys); /* the group has its own */
}

/* ----------------------------------------------------------------- messages */

/* What comes from the network; the reader looks at what it was. */
static void receive(struct device *device, struct sotto_span message)
{
    struct sotto_mls_event event;
    enum sotto_err err =
        sotto_mls_receive(device->group, &client, message, &event);

    if (err != SOTTO_OK) {
        printf("%s cannot read it: %s\n", device->name, sotto_err_name(err));
        return;
    }
    switch (event.type) {
    case SOTTO_MLS_EVENT_APPLICATION:
        printf("%s reads from leaf %u: %.*s\n", device->name,
               (unsigned)event.sender, (int)event.data.len,
               (const char *)event.data.at);
        break;
    case SOTTO_MLS_EVENT_COMMIT:
        printf("%s is in epoch %u\n", device->name,
               (unsigned)sotto_mls_group_epoch(device->group));
        break;
    case SOTTO_MLS_EVENT_REMOVED:
        printf("%s is out\n", device->name);
        break;
    case SOTTO_MLS_EVENT_PROPOSAL: /* nobody proposes here */
    case SOTTO_MLS_EVENT_REINIT:
        break;
    }
}

static struct sotto_mls_buffer say(struct device *device, const char *words)
{
    const struct sotto_mls_sending how = {.padding = 16};
    struct sotto_mls_buffer out = {message_bytes, sizeof message_bytes, 0};

    must(sotto_mls_protect(device->group, &client, &how, text(words), &out),
         "protect");
    return out;
}

/* ------------------------------------------------------------------ changes */

/*
 * Changes the group. The commit would go to the server now, and only once that
 * has put it first of its epoch would it be accepted; if another's was first,
 * `pending` is wiped, that one received, and this made anew.
 */
static struct sotto_mls_made change(struct device *device,
                                    const struct sotto_mls_change *changes,
                                    size_t count)
{
    const struct sotto_mls_plan plan = {.changes = changes,
                                        .count = count,
                                        .with_tree = true};
    struct sotto_mls_made made = {{message_bytes, sizeof message_bytes, 0},
                                  {welcome_bytes, sizeof welcome_bytes, 0},
                                  {pending_bytes, sizeof pending_bytes, 0}};
    struct sotto_mls_event event;

    must(sotto_mls_commit_make(device->group, &client, &plan, &made), "commit");
    must(sotto_mls_commit_accept(device->group, &client, view(&made.pending),
                                 &event),
         "accept");
    sotto_wipe(pending_bytes, sizeof pending_bytes);
    return made;
}

/* Puts a group away and takes it back, as over a restart. The bytes are as
 * secret as the group: on flash they are encrypted. */
static void restart(struct device *device)
{
    static uint8_t saved_bytes[sizeof device->memory];
    struct sotto_mls_buffer saved = {saved_bytes, sizeof saved_bytes, 0};

    must(sotto_mls_group_save(device->group, &saved), "save");
    sotto_mls_group_wipe(device->group);
    device->group = sotto_mls_group_init(device->memory, &config);
    must(sotto_mls_group_load(device->group, view(&saved)), "load");
    sotto_wipe(saved_bytes, sizeof saved_bytes);
    printf("%s is back in epoch %u\n", device->name,
           (unsigned)sotto_mls_group_epoch(device->group));
}

/* --------------------------------------------------------------------- main */

int main(void)
{
    struct device *pump = &devices[0];
    struct device *valve = &devices[1];
    struct device *panel = &devices[2];
    struct sotto_mls_change add[2] = {{.type = SOTTO_MLS_PROPOSAL_ADD},
                                      {.type = SOTTO_MLS_PROPOSAL_ADD}};
    struct sotto_mls_change removal = {.type = SOTTO_MLS_PROPOSAL_REMOVE};
    struct sotto_mls_member_keys keys;
    struct sotto_mls_made made;
    struct sotto_mls_buffer said;

    if (sotto_mls_group_size(&config) > sizeof pump->memory ||
        sotto_mls_scratch_size(&config) > sizeof scratch) {
        fprintf(stderr, "a group needs %zu bytes, the scratch %zu\n",
                sotto_mls_group_size(&config), sotto_mls_scratch_size(&config));
        return 1;
    }
    for (size_t i = 0; i < 3; i++) {
        start(&devices[i], names[i]);
        make_key_package(&devices[i]);
    }

    /* The pump makes a group and adds both. */
    keys = member_keys(pump);
    must(sotto_mls_group_create(pump->group, &client, &keys, text("hall 7"),
                                (struct sotto_span){NULL, 0}),
         "create");
    sotto_wipe(&pump->keys, sizeof pump->keys);
    add[0].bytes = valve->key_package;
    add[1].bytes = panel->key_package;
    made = change(pump, add, 2);
    join(valve, view(&made.welcome));
    join(panel, view(&made.welcome));

    said = say(valve, "pressure 3 bar");
    receive(pump, view(&said));
    receive(panel, view(&said));

    /* The panel leaves; what is said from then on it cannot read. */
    removal.leaf = sotto_mls_group_me(panel->group);
    made = change(pump, &removal, 1);
    receive(valve, view(&made.message));
    receive(panel, view(&made.message));
    restart(pump);
    said = say(pump, "closing");
    receive(valve, view(&said));
    receive(panel, view(&said));
    return 0;
}
