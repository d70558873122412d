// readline's headers need FILE before them and nothing else from us.
#include <stdio.h>
#include <readline/readline.h>
#include <readline/history.h>
