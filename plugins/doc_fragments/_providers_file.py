# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where source providers are described."""

from __future__ import annotations


class ModuleDocFragment:
    """Paired with FILE_SPEC in module_utils/_run/targets.py."""

    DOCUMENTATION = r"""
options:
  providers_file:
    description:
      - The C(.providers.json) of mtv-api-tests, an object of providers by their keys. It is read as data.
      - Every entry of a type that is looked for is searched; one that is wrong is named and does not stop the others.
      - Besides what mtv-api-tests writes, an entry may have C(ca_file), relative to the file, and C(insecure) to choose
        not to verify.
      - Entries of types that are not searched, and keys that begin with C(_), are passed over.
      - Default is the environment variable E(MTV_TEARDOWN_PROVIDERS_FILE).
    type: path
"""

    # Paired with NOTED_SPEC.
    NOTED = r"""
options:
  keep_note:
    description:
      - Note what is about to be deleted, and what it may leave behind, before that is asked for; a run that is cut off
        does not lose it then. The note is the one of the role session, in O(data_collector_path), or else beside
        O(resources_file); the folder is made where there is none. Where it cannot be written, nothing is deleted.
      - Not in check mode.
    type: bool
    default: false
"""

    # Paired with UNOPENED_SPEC.
    UNOPENED = r"""
options:
  unopened:
    description:
      - What earlier phases of the run said of providers that they could not open, as in their RV(unreadable), with
        C(provider), C(reason) and C(error).
      - A login that was refused is not sent again, for a few of them lock an account; for a provider that gave no
        answer nobody waits again.
    type: list
    elements: dict
    default: []
"""
