# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of kin for bash: the command itself is asked, so whatever families are installed count.

_kin ()
{
  local line=${COMP_LINE:0:COMP_POINT} words=() current='' reply=() done=''
  # Words are what blanks part: bash's own are cut at colons and equal signs.
  read -ra words <<<"$line"
  if [[ $line = *[[:blank:]] ]]; then
    words+=('')
  fi
  current=${words[-1]#[\'\"]}
  # Bash replaces its own word alone; inside quotes that is all of it.
  if [[ $current = "${words[-1]}" && $current = *[:=]* ]]; then
    done=${current%"${current##*[:=]}"}
  fi
  words[-1]=$current
  mapfile -t reply < <("$1" complete -- "${words[@]:1}" 2>/dev/null)
  COMPREPLY=("${reply[@]#"$done"}")
  if [[ ${#reply[@]} -gt 0 && ${reply[0]} = *[:=] ]]; then
    compopt -o nospace 2>/dev/null
  fi
}

complete -o default -F _kin kin
