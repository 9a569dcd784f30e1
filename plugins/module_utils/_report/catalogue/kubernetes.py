# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left for an answer of the API server, or for something of Kubernetes itself."""

from __future__ import annotations

from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue.entry import ITS_EVENTS, THE_OBJECT, Entry

MAY_I = "kubectl auth can-i --list $near"
# Of the one finalizer that is named, and only while this object has it at that place.
TAKE_OFF = (
    "kubectl patch $object $within --type json --patch "
    '\'[{"op":"test","path":"/metadata/uid","value":"$uid"},'
    '{"op":"test","path":"/metadata/finalizers/$number","value":"$finalizer"},'
    '{"op":"remove","path":"/metadata/finalizers/$number"}]\''
)
FORCED = (
    "Without the finalizer the object is gone at once, and nobody does any more what its controller had to do before: "
    "storage, snapshots, or objects elsewhere may stay for ever, and nothing points to them. It cannot be taken back."
)

ANSWERS = (
    Entry(
        "webhook-refuses",
        "an admission webhook refuses its deletion",
        "The server's answer: admission webhook \"…\" denied the request, and the webhook's own reason.",
        "An operator has a rule about this object, such as that something still refers to it. The rule was asked, and "
        "said no; the server obeys.",
        "Do what the reason asks for, or ask whose webhook it is to let this object go. Then run the teardown again.",
        look=(THE_OBJECT, "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations"),
    ),
    Entry(
        "webhook-dead",
        "an admission webhook does not answer",
        'The server\'s answer: failed calling webhook "…", and why.',
        "The server has to ask a webhook before it takes any change of this kind, and the service behind it does not "
        "answer. Until it does, nobody can delete such objects.",
        "Bring the service behind the webhook up. If its operator is gone for good, an administrator removes what it "
        "left behind: the webhook's configuration. Then run the teardown again.",
        look=(
            "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations",
            "kubectl get pods --all-namespaces --field-selector status.phase!=Running,status.phase!=Succeeded",
        ),
        risk="Without its configuration the rule holds for nobody: what the operator kept from being changed can be.",
    ),
    Entry(
        "policy-refuses",
        "an admission policy refuses its deletion",
        "The server's answer: ValidatingAdmissionPolicy '…' denied request, and its message.",
        "Somebody has written a rule for the whole cluster, and this deletion breaks it.",
        "Ask the owner of the policy for an exception. Then run the teardown again.",
        look=(THE_OBJECT, "kubectl get validatingadmissionpolicies,validatingadmissionpolicybindings"),
    ),
    Entry(
        "quota-refuses",
        "a quota is used up",
        "The server's answer: exceeded quota, and which.",
        "What was asked for needs something new, such as a pod, and the quota of the namespace has nothing left.",
        "Raise the quota or free some of it, then run the teardown again.",
        look=("kubectl describe resourcequotas $within",),
    ),
    Entry(
        "forbidden",
        "the account lacks a right",
        "403 in the server's answer, with the account, the verb and the kind; or the server's word that the account "
        "may not delete such objects.",
        "RBAC does not let this account do it. Nothing was done to the object, and it will not be while that is so.",
        "Give the account the right that is named: the manifests in extensions/rights of the collection have them by "
        "kind of use. Then run the teardown again.",
        look=(MAY_I, "kubectl auth whoami"),
    ),
    Entry(
        "unauthorized",
        "the token is not valid any more",
        "401 in the server's answer.",
        "The server does not know who asks: a token has expired, was revoked, or belongs to another cluster.",
        "Log in again, then run the teardown again.",
        look=("kubectl auth whoami",),
    ),
    Entry(
        "kept-unread",
        "kept, because nobody can tell whether others use it",
        "The reason names what could not be read, with the server's own words.",
        "With this object something else would go that could not be seen: a namespace in which not everything could be "
        "read, or Plans and Migrations by which the rest of the session is known. What is not known is taken for "
        "somebody's, and nothing was asked of it.",
        "Let the account read what the reason names, or see to the server that did not answer. Then run the teardown "
        "again; it decides anew.",
        look=(MAY_I, THE_OBJECT),
    ),
    Entry(
        "outlived",
        "what showed whose it is has gone",
        "The reason names it: the claim of a volume, the snapshot of a content, an owner, a Plan; and what calls that "
        "the session's: its name, or an entry of the resources file.",
        "A run that was cut off may have deleted that one, and its note has gone, too. So this may be the session's, "
        "and nothing shows it any more. Nothing was asked of it, and nothing is clean while it is there. What a driver "
        "or the garbage collector is about to remove was waited for first.",
        "Look at it. If it was the session's, delete it: of a volume whose driver keeps it (Retain) the storage goes "
        "by hand, too. To have it known in the next session, keep the notes where they last: "
        "mtv_teardown_data_collector_path, or mtv_teardown_journal_namespace.",
        look=(THE_OBJECT, ITS_EVENTS),
    ),
    Entry(
        "goes-with-namespace",
        "it goes with its namespace",
        "It is a Role or RoleBinding in a namespace that is to go.",
        "It may be what lets the teardown delete the rest of that namespace, so it is not deleted by itself.",
        "See what holds the namespace; nothing has to be done about this one.",
        look=("kubectl get Namespace/$namespace --output yaml",),
    ),
    Entry(
        "unseen",
        "asked to go, and not seen whether it has gone",
        "The look after the deletion could not read its kind.",
        "The server took the request. Whether the object is gone, nobody knows.",
        "Let the account list its kind, or see to the API server. Then run the teardown again.",
        look=(MAY_I, THE_OBJECT),
    ),
    Entry(
        "server-fails",
        "the API server did not do it",
        "Whatever the server answered, or that it did not.",
        "An error of the server or of the way to it; nothing about this object is known to be wrong.",
        "See to the API server, then run the teardown again.",
        look=("kubectl get --raw /readyz?verbose", THE_OBJECT),
    ),
)

KUBERNETES = (
    Entry(
        "api-service-dead",
        "an API does not answer, so nobody can tell what is left in the namespace",
        "Condition NamespaceDeletionDiscoveryFailure of the namespace, and APIServices that are not Available.",
        "Kubernetes empties a namespace only when it can ask every API for what is in it. One of them is served by a "
        "pod that does not answer, or that is gone with its operator.",
        "Bring the server behind the APIService up. If its operator is gone for good, an administrator removes the "
        "APIService, and the namespace goes by itself.",
        look=(THE_OBJECT, "kubectl get apiservices"),
        risk="Without the APIService nobody sees the objects of that API any more, in any namespace.",
    ),
    Entry(
        "namespace-content",
        "the namespace still contains something",
        "Conditions NamespaceContentRemaining and NamespaceFinalizersRemaining of it, or what was met in it.",
        "A namespace goes when the last object in it has gone. What holds that object has a cause of its own.",
        "See what holds the objects that the reason names; the namespace goes with the last of them.",
        look=(
            THE_OBJECT,
            "kubectl get events --namespace $name",
            "kubectl api-resources --verbs list --namespaced --output name",
        ),
        risk="Never take the namespace's own finalizer off: what is in it would stay in the store, out of reach.",
    ),
    Entry(
        "waits-for-dependents",
        "it waits for what it owns",
        "Finalizer foregroundDeletion.",
        "Somebody deleted it in the foreground: Kubernetes first deletes what it owns, and one of those stays.",
        "See what it owns and what holds that; it goes by itself then.",
        look=(THE_OBJECT, ITS_EVENTS),
    ),
    Entry(
        "controller-fails",
        "the controller behind its finalizer fails",
        "An event of type Warning about the object, and its finalizer.",
        "The controller works on it and cannot do what it has to do before the object may go. The event has its words.",
        "See to what the event says, then run the teardown again.",
        look=(ITS_EVENTS, THE_OBJECT),
        risk=f"Taking the finalizer off instead hides what failed. {FORCED}",
    ),
    Entry(
        "finalizer",
        "a finalizer holds it",
        "The finalizers in its metadata, and since when it is being deleted.",
        "Whoever put the finalizer there wants to do something before the object goes, and has not done it: its "
        "controller may hang, or be gone with its operator.",
        "See whether the controller runs, and its log. Only when it is gone for good is the finalizer to be removed: "
        "name it in mtv_teardown_remove_finalizers and run the teardown again, which takes it off what is shown to be "
        "the session's alone, and only when what it guards is shown to be gone. By hand nothing looks at that.",
        look=(THE_OBJECT, ITS_EVENTS),
        commands=(TAKE_OFF,),
        risk=FORCED,
    ),
    Entry(
        "slow",
        "being deleted, and not long enough to call it stuck",
        "The time at which its deletion was asked for.",
        "It may just need longer.",
        "Run the teardown again; with a longer mtv_teardown_stall_timeout it waits longer.",
        look=(THE_OBJECT,),
    ),
    Entry(
        "made-anew",
        "its owner makes it again",
        "Its owner reference with controller, to an object that lives.",
        "Whenever it is deleted, the controller of its owner makes another one of the same name.",
        "Delete the owner, if that may go.",
        look=(THE_OBJECT, ITS_EVENTS),
    ),
    Entry(
        "not-asked",
        "nothing has asked for its deletion",
        "It has no deletionTimestamp, and the run met no error about it.",
        "The run looked and did not delete, or the object came after the deletions.",
        "Run the teardown, with an account that may delete it.",
        look=(MAY_I, THE_OBJECT),
    ),
    Entry(
        "contested",
        "others use it, too, or nobody can tell",
        "What is not the session's (an owner, a label, a user), or could not be read; the reason names it.",
        "The session made it, and somebody else's living object may depend on it. Nothing was asked of it.",
        "Ask the owner of what the reason names; this tool does not take what somebody else uses. Where it says what "
        "could not be read, let the account read that, and run the teardown again.",
        look=(THE_OBJECT,),
    ),
    Entry(
        "unknown",
        "nothing that was read holds it",
        "It is being deleted, without finalizers, and nothing else fits.",
        "The server should have removed it by now.",
        "Run the teardown again. If it stays, see its events, and the log of kube-controller-manager.",
        look=(THE_OBJECT, ITS_EVENTS),
    ),
)

_BEFORE = "The value before stands in the ledger, resources.undo.json beside the resources file. "
_STRIKE = (
    "then take the change out of the ledger with mtv.teardown.change and state=absent, or accept it with a reason "
    "(mtv_teardown_verify_ignore)."
)
CHANGES = (
    Entry(
        "changed-since",
        "somebody has changed it since the session did",
        "The ledger of changes says what the session left in a field, and something else is there.",
        "The session changed this object for a time and was cut off before it put it back. What is there now is "
        "nobody's that we know: to put the old value over it could undo somebody's work.",
        f"{_BEFORE}Ask who changed it; set by hand what is to be there; {_STRIKE}",
        look=(THE_OBJECT,),
    ),
    Entry(
        "not-undone",
        "it is still as the session left it",
        "The ledger of changes says what the session left in a field, and that is what is read there.",
        "The session changed this object for a time and did not put it back. Nothing has tried it since, or somebody, "
        "such as an operator, has made it so again.",
        "Run the teardown. If it was run already, see who writes that field: metadata.managedFields of the object "
        "names them.",
        look=("kubectl get $object $within --output yaml --show-managed-fields",),
    ),
    Entry(
        "not-recorded",
        "it was changed, and nobody noted what was there before",
        "An entry of the ledger of changes without values, and why: they may be secret, are too large, or of a kind "
        "that is never changed from a ledger.",
        "The session said that it changes this object, and never that it put it back. Without the value before, "
        "nothing can tell whether it did.",
        f"Look at the object and set by hand what is to be there; {_STRIKE}",
        look=(THE_OBJECT,),
    ),
    Entry(
        "never-undone",
        "a ledger must not lead to a change of it",
        "The ledger of changes names a field that gives rights, says what runs, is the object's identity, or cannot be "
        "reached.",
        "The ledger is a file, and whoever can write it could have anything changed by the account of the teardown. So "
        "such fields are never touched. No recorder writes such an entry.",
        f"See where the entry comes from. Set by hand what is to be there; {_STRIKE}",
        look=(THE_OBJECT,),
    ),
)
