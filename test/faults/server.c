/* How a program is told what to fail.

   By hand: GAZE_FAULTS="memory 17" gaze train ..., the report on stderr.
   By run.py, thousands of times: with GAZE_FAULTS_SERVER the program, before main, loads the OpenCL drivers
   and reads lines "FOLDER WORDS" from descriptor 198; for each it forks a child that runs main in that
   folder, with its stdout, stderr and report in files there, and answers with the child's wait status on 199.

   WORDS: the kind (memory, opencl, file, thread), the number of the call, then any of on, code=N, call=NAME,
   sleep=SECONDS, trace=N. */
#include "faults.h"

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COMMANDS = 198, ANSWERS = 199, MOST_LETTERS = 4096, MOST_SECONDS = 30 };

/* Before anything is counted. */
cl_int __real_clGetPlatformIDs(cl_uint n, cl_platform_id *out, cl_uint *count);

static void take_word(fault_plan *plan, const char *word)
{
    static const char *const kinds[FAULT_KINDS] = {"memory", "opencl", "file", "thread"};
    for (int k = 0; k < FAULT_KINDS; k++)
        if (!strcmp(word, kinds[k])) plan->kind = (fault_kind)k;
    if (*word >= '0' && *word <= '9') plan->at = strtol(word, NULL, 10);
    if (!strcmp(word, "on")) plan->on = true;
    if (!strncmp(word, "code=", 5)) plan->code = (int)strtol(word + 5, NULL, 10);
    if (!strncmp(word, "call=", 5)) snprintf(plan->call, sizeof plan->call, "%s", word + 5);
    if (!strncmp(word, "sleep=", 6)) plan->sleeps = strtod(word + 6, NULL);
    if (!strncmp(word, "trace=", 6)) plan->trace_memory = strtol(word + 6, NULL, 10);
}

static fault_plan parse(char *words)
{
    fault_plan plan = {0};
    char *rest;
    for (char *word = strtok_r(words, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest))
        take_word(&plan, word);
    return plan;
}

static void redirect(int descriptor, const char *name)
{
    const int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0 || dup2(fd, descriptor) < 0) _exit(98);
    close(fd);
}

static void become_run(char *line)
{
    char *words = strchr(line, ' ');
    if (!words) _exit(98);
    *words++ = 0;
    if (chdir(line) != 0) _exit(98);
    redirect(STDOUT_FILENO, "stdout");
    redirect(STDERR_FILENO, "stderr");
    redirect(ANSWERS, "report");
    close(COMMANDS);
    signal(SIGALRM, SIG_DFL);
    const fault_plan plan = parse(words);
    fault_begin(&plan, ANSWERS);
}

static void load_drivers(void)
{
    cl_uint count;
    cl_platform_id platforms[8];
    __real_clGetPlatformIDs(8, platforms, &count);
}

static void tick(int signal) { (void)signal; }

/* Kills a child that hangs. Seconds are counted one by one: a machine that stood still is none. */
static int wait_for(pid_t child)
{
    const struct itimerval second = {{1, 0}, {1, 0}}, none = {{0, 0}, {0, 0}};
    int status = -1;
    setitimer(ITIMER_REAL, &second, NULL);
    for (int ticks = 1; waitpid(child, &status, 0) < 0; ticks++) {
        if (errno != EINTR) _exit(98);
        if (ticks >= MOST_SECONDS) kill(child, SIGALRM);
    }
    setitimer(ITIMER_REAL, &none, NULL);
    return status;
}

static void serve(void)
{
    const struct sigaction ticking = {.sa_handler = tick}; /* waitpid is interrupted */
    sigaction(SIGALRM, &ticking, NULL);
    char line[MOST_LETTERS], answer[16];
    FILE *commands = fdopen(COMMANDS, "r");
    load_drivers();
    while (commands && fgets(line, sizeof line, commands)) {
        const pid_t child = fork();
        if (child == 0) {
            become_run(line);
            return;
        }
        if (child < 0) _exit(98);
        const int length = snprintf(answer, sizeof answer, "%d\n", wait_for(child));
        if (write(ANSWERS, answer, (size_t)length) != length) _exit(98);
    }
    _exit(0);
}

__attribute__((constructor)) static void begin(void)
{
    char *words = getenv("GAZE_FAULTS");
    if (getenv("GAZE_FAULTS_SERVER")) {
        serve();
    } else if (words) {
        const fault_plan plan = parse(words);
        fault_begin(&plan, STDERR_FILENO);
    }
}
