/* A gaze_group of threads, or processes, of the test: letters in a box. */
#ifndef TEST_LOCAL_GROUP_H
#define TEST_LOCAL_GROUP_H
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../engine/train/group.h"

enum { LOCAL_MOST = 4, LETTERS = 1024, LETTER_BYTES = 8192, EXPECTED = 512, MESSAGE = 512 };

typedef struct letter {
    size_t from, to, bytes, number; /* number: of all that were sent; 0: no letter lies here */
    int tag;
    char data[LETTER_BYTES];
} letter;

typedef struct letter_box {
    pthread_mutex_t mutex;
    size_t sent;
    letter letters[LETTERS];
} letter_box;

typedef struct expected_letter {
    size_t from, bytes;
    int tag;
    void *data; /* NULL: a free place */
} expected_letter;

typedef struct member {
    gaze_group calls;
    letter_box *box;
    gaze_status (*work)(struct member *m);
    void *user;
    gaze_status status;
    char message[MESSAGE]; /* of the failure */
    bool failed;           /* calls.fail was called */
    expected_letter expected[EXPECTED];
} member;

static expected_letter sent_letter; /* stands for all that are in the box already */

/* Memory that processes share. */
static inline void *shared_memory(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static inline const char *local_send(void *user, size_t to, int tag, const void *data, size_t bytes,
                                     void **request)
{
    member *m = user;
    letter *free_place = NULL;
    pthread_mutex_lock(&m->box->mutex);
    for (size_t i = 0; i < LETTERS && !free_place; i++)
        if (!m->box->letters[i].number) free_place = &m->box->letters[i];
    if (free_place && bytes <= LETTER_BYTES) {
        free_place->from = m->calls.rank;
        free_place->to = to;
        free_place->bytes = bytes;
        free_place->tag = tag;
        free_place->number = ++m->box->sent;
        memcpy(free_place->data, data, bytes);
    }
    pthread_mutex_unlock(&m->box->mutex);
    *request = &sent_letter;
    return free_place && bytes <= LETTER_BYTES ? NULL : "the box is full";
}

static inline const char *local_receive(void *user, size_t from, int tag, void *data, size_t bytes,
                                        void **request)
{
    expected_letter *e = ((member *)user)->expected, *end = e + EXPECTED;
    while (e < end && e->data) e++;
    if (e == end) return "too many letters are expected";
    *e = (expected_letter){from, bytes, tag, data};
    *request = e;
    return NULL;
}

/* The first that was sent of those that fit. */
static inline letter *find_letter(const member *m, const expected_letter *e)
{
    letter *found = NULL;
    for (letter *l = m->box->letters; l < m->box->letters + LETTERS; l++)
        if (l->number && l->to == m->calls.rank && l->from == e->from && l->tag == e->tag &&
            (!found || l->number < found->number))
            found = l;
    return found;
}

static inline const char *local_test(void *user, void **request, bool *done)
{
    member *m = user;
    expected_letter *e = *request;
    const char *wrong = NULL;
    *done = true;
    if (e != &sent_letter) {
        pthread_mutex_lock(&m->box->mutex);
        letter *l = find_letter(m, e);
        *done = l != NULL;
        if (l && l->bytes != e->bytes) wrong = "a letter of another size";
        if (l && !wrong) memcpy(e->data, l->data, l->bytes);
        if (l) l->number = 0;
        pthread_mutex_unlock(&m->box->mutex);
        if (*done) e->data = NULL;
    }
    if (*done) *request = NULL;
    return wrong;
}

static inline void local_fail(void *user, gaze_status status, const char *message)
{
    member *m = user;
    (void)status, (void)message;
    m->failed = true;
}

static inline void *local_run(void *member_)
{
    member *m = member_;
    m->status = m->work(m);
    if (m->status != GAZE_OK) snprintf(m->message, sizeof m->message, "%s", gaze_message());
    return NULL;
}

/* Members of a group of `ranks` that will do `work`; users[i] is rank i's (NULL: none). In memory that is
   shared, as box and users have to be where processes work; free with disband. */
static inline member *local_group(size_t ranks, gaze_status (*work)(member *m), void *const *users)
{
    letter_box *box = shared_memory(sizeof *box);
    member *members = shared_memory(LOCAL_MOST * sizeof *members);
    pthread_mutexattr_t shared;
    pthread_mutexattr_init(&shared);
    pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&box->mutex, &shared);
    for (size_t r = 0; r < ranks; r++) {
        members[r] = (member){.box = box, .work = work, .user = users ? users[r] : NULL};
        members[r].calls =
            (gaze_group){r, ranks, local_send, local_receive, local_test, local_fail, &members[r]};
    }
    return members;
}

static inline void disband(member *members)
{
    munmap(members->box, sizeof *members->box);
    munmap(members, LOCAL_MOST * sizeof *members);
}

static inline void work_in_threads(member *members)
{
    pthread_t threads[LOCAL_MOST];
    const size_t ranks = members->calls.ranks;
    for (size_t r = 0; r < ranks; r++) pthread_create(&threads[r], NULL, local_run, &members[r]);
    for (size_t r = 0; r < ranks; r++) pthread_join(threads[r], NULL);
}

static inline void work_in_processes(member *members)
{
    pid_t processes[LOCAL_MOST];
    const size_t ranks = members->calls.ranks;
    for (size_t r = 0; r < ranks; r++) {
        members[r].status = GAZE_ERROR_DEVICE;
        snprintf(members[r].message, MESSAGE, "the process has crashed");
        if ((processes[r] = fork()) == 0) {
            local_run(&members[r]);
            _exit(0);
        }
    }
    for (size_t r = 0; r < ranks; r++) waitpid(processes[r], NULL, 0);
}

#endif
