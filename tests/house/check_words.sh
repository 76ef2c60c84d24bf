#!/bin/sh
# check_words.sh ENTRY_SCRIPT PROGRAM
# The entry script knows the program's commands, all of them and no others, and
# refuses any other word at once, without building.
set -eu
known=$(sed -n 's/^readonly program_words="\(.*\)"$/\1/p' "$1" | tr ' ' '\n' | sort)
offered=$("$2" --help | sed -n '/^Subcommands:/,$s/^  \([a-z]*\)  .*/\1/p' | sort)
if [ "$known" != "$offered" ]; then
  printf 'the entry script knows:\n%s\nthe program offers:\n%s\n' "$known" "$offered"
  exit 1
fi
if said=$("$1" frobnicate 2>&1); then
  echo "a word that nobody knows was taken"
  exit 1
fi
case $said in
*"no such command: frobnicate"*) ;;
*) printf 'a word that nobody knows: %s\n' "$said"; exit 1 ;;
esac
