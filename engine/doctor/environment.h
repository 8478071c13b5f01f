/* Variables of the environment, as the doctor sees them. */
#ifndef GZ_ENVIRONMENT_H
#define GZ_ENVIRONMENT_H
#include "doctor.h"

/* "unset NAME" for the variable that a message speaks of, or NULL. */
const char *gz_doctor_unset_named(gz_doctor *d, const char *message);

#endif
