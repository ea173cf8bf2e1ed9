/*
 * Membership and rekey of one call: three members at a time, a relay that loses, delays, reorders and lies, one join,
 * one leave, one crash. Checked by run.sh; what is left out is in README.md.
 *
 * Names in brackets are the Swift that a rule stands for: files in Sources/Client/E2EKeys unless said otherwise.
 *
 * Time is not counted. A timer is an event that may come at any moment after its cause, in any order with others; what
 * must have happened by then happens in the same step. So no property hangs on how long a deadline is, nor on clocks
 * that agree. Only order is kept: at a deadline, what is due is done first, then sealing is blocked.
 *
 * A run has two phases. HOSTILE: the relay and the clients' timers take steps in any order, within a budget. FAIR: the
 * relay delivers what it holds back, except what it lost, and time passes in rounds; after ROUNDS of them comes DONE.
 *
 * Compile-time switches: CAST (who is there, who comes, who goes: at the end), the budget below, FAIR_PHASE (with the
 * second phase), HEARTBEATS_COMPARED and REACH (what some properties look at), and BROKEN_... to leave a rule out.
 */

#ifndef CAST
#define CAST 0                 /* any */
#endif
#ifndef COMMITS
#define COMMITS 4              /* epochs made in the hostile phase, the first included */
#endif
#ifndef MAXC
#define MAXC COMMITS           /* epochs in the whole run */
#endif
#ifndef ADVICE
#define ADVICE 2               /* epochs that the relay prepares in the hostile phase */
#endif
#ifndef SILENCES
#define SILENCES 0             /* times that a member wrongly takes another for silent */
#endif
#ifndef HEARTBEATS
#define HEARTBEATS 1           /* heartbeats that arrive in the hostile phase */
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef ROUNDS
#define ROUNDS 5
#endif

#define N 4                    /* members that ever take part; join index order is 0, 1, 2, 3 */
#define NONE 31
#define B(m) (1 << (m))
#define HAS(set, m) (((set) & B(m)) != 0)

mtype = { HOSTILE, FAIR, DONE };
mtype phase = HOSTILE;

/* ---- The membership log [Sources/Relay/Membership/MembershipLog.swift, RoomLog.swift]. Entries cannot be forged (hash
        chain), so a position stands for a roster; what the relay can do is to show it late or never. ---- */
byte ros[3];                   /* roster at positions 0, 1, 2 */
byte joinAt, joiner;           /* the entry that is a join, and of whom */
byte leaveAt, leaver;          /* the entry that is a leave, and of whom */
byte head;                     /* the relay's newest position */
byte shown[N];                 /* the newest position that each member was shown */
byte live;                     /* members that run and have been let in */

/* ---- The relay's advice [Sources/Relay/Membership/RekeyTrigger.swift]: advice a prepares epoch a + 2. ---- */
byte advised;                  /* how many prepares exist */
byte advHead[ADVICE + 2];
#define LABEL(a) ((a) + 2)

/* ---- Commits [Commit.swift]: the header, and who has yet to get it. Signature, binding and hashes are perfect, so a
        commit is its record; announcement and wrapped key arrive together or not at all. ---- */
byte nc;
byte cEpoch[MAXC], cHead[MAXC], cOrigin[MAXC], cAdvised[MAXC];
byte cHold[MAXC];              /* who holds the key, by the header */
byte cWrap[MAXC];              /* for whom it is wrapped */
byte cKey[MAXC];               /* the key's name; its epoch and name together are the epoch id */
byte cBase[MAXC];              /* the key it is ratcheted from, NONE for a fresh one */
byte cFly[MAXC];               /* to whom the commit is still under way */
byte cAgain[MAXC];             /* to whom a catch-up copy is under way */

/* ---- One client [CallKeys.swift]. ---- */
short held[N];                 /* bit c: an entry of `epochs` */
byte sending[N];
byte prep[N];                  /* `preparation`: its advice + 1, 0 for none */
byte answered[N];              /* answeredAdvice. executedAdvice is never above both: see PREPARE. */
byte heardEpoch[N];            /* highestHeard */
byte silent[N], waiting[N];    /* members with silentSince, with awaitsReadmission */
byte strayed[N];               /* strayed.epoch, 0 for none */
byte pending;                  /* members with a pendingLeaves entry */
byte blocked;                  /* members with isSendingBlocked */
#ifdef BROKEN_FORGETFUL
byte departures;               /* members with a `departures` entry */
#endif
#ifdef FAIR_PHASE
short erased[N];               /* erasedKeys */
byte heardSince[N];            /* members whose lastHeard is after newest.acceptedAt and after admittedAt */
byte unheld[N * N];            /* of i about who: Member.unheld, as a commit of that id + 1, 0 for none */
byte keyless[N];               /* rounds that it waited for a first key, its joinedAt */
#endif

/* ---- Ghosts: what only the properties look at. ---- */
byte overdue;                  /* members whose deadline since they learned of the leave has passed */
short leaked;                  /* keys that the departed member was given or can derive */
#ifdef HEARTBEATS_COMPARED
byte agrees[N];                /* whose last heartbeat named this member's own epoch and id */
#endif
short wrongKey[N];             /* commits for which this member holds another key than its header confirms */
byte crashes, silences, heartbeats, round;
#ifdef REACH                   /* what happened, for the properties that must be violated */
bool sawFreshAfterLeave, sawRatchet, sawCatchUp;
#define SAW(what) what = true
#else
#define SAW(what) skip
#endif

/* Scratch, not part of the state. */
hidden byte x, y, nw, best, hold, ok, k;
hidden short bits;

/* EpochKeys.isBetter: the later epoch, then the later position, then the committer of lower rank. */
#define BETTER(a, b) (cEpoch[a] > cEpoch[b] || (cEpoch[a] == cEpoch[b] && \
  (cHead[a] > cHead[b] || (cHead[a] == cHead[b] && cOrigin[a] < cOrigin[b]))))
#define EPOCH(c) (c == NONE -> 0 : cEpoch[c])
/* Member.isEligible, for members of a roster as i sees them; and the first in rank among them. */
#define ELIGIBLE(i, roster) ((roster) & (~silent[i] | B(i)))
#define FIRST_IN_RANK(i, roster) ((ELIGIBLE(i, roster) & (B(i) - 1)) == 0)
#define KNOWS_LEAVE(i) (leaveAt > 0 && shown[i] >= leaveAt && i != leaver)

/* retireAt is set: by activate for those not better than the new one, by install for one not better than it. */
#define RETIRED(i, c) (sending[i] != NONE && c != sending[i] && !BETTER(c, sending[i]))

/* CallKeys.newest: the epoch that the next one builds on. */
inline findNewest(i) {
  nw = NONE; x = 0;
  do
  :: x < nc ->
    if
    :: HAS(held[i], x) && !RETIRED(i, x) && (nw == NONE || BETTER(x, nw)) -> nw = x
    :: else
    fi;
    x++
  :: else -> break
  od
}

/* blockIfOverdue [CallKeys+Timers.swift], the end of every client step. */
inline blockIfOverdue(i) {
#ifndef BROKEN_NO_DEADLINE
  if
  :: HAS(pending & overdue, i) -> blocked = blocked | B(i)
  :: else
  fi
#else
  skip
#endif
}

/* noteDeparted [CallKeys+Epochs.swift]: an epoch that is taken, or switched to, after one of its holders left is a
   pending leave too, as old as the leave. Else a relay that shows the leave first and delivers the commit later has
   this member seal for the departed. An entry of `departures` is kept for as long as an epoch of a position before it
   may come, that is always here; BROKEN_FORGETFUL drops it at the first switch to an epoch that reflects the leave. */
#ifndef BROKEN_FORGETFUL
#define HAS_DEPARTURE(i) KNOWS_LEAVE(i)
#else
#define HAS_DEPARTURE(i) HAS(departures, i)
#endif
inline noteDeparted(i, c) {
#ifndef BROKEN_LATE_EPOCH
  if
  :: HAS_DEPARTURE(i) && cHead[c] < leaveAt && HAS(cHold[c], leaver) -> pending = pending | B(i)
  :: else
  fi
#else
  skip
#endif
}

/* What one that sends under c and was not told of the leave gives the departed, which asks for it through the relay;
   and all that is ratcheted from that. */
inline leak(i, c) {
  if
  :: HAS(cHold[c], leaver) && !KNOWS_LEAVE(i) && !HAS(leaked, cKey[c]) ->
    leaked = leaked | B(cKey[c]); x = 0;
    do
    :: x < nc ->
      if
      :: cBase[x] != NONE && HAS(leaked, cBase[x]) -> leaked = leaked | B(cKey[x])
      :: else
      fi;
      x++
    :: else -> break
    od
  :: else
  fi
}

/* activate [CallKeys+Epochs.swift] */
inline activate(i, c) {
  if
  :: leaveAt > 0 && cHead[c] >= leaveAt ->
    pending = pending & ~B(i);
#ifdef BROKEN_FORGETFUL
    departures = departures & ~B(i);
#endif
    if
    :: cBase[c] == NONE && HAS(ros[0], leaver) -> SAW(sawFreshAfterLeave)
    :: else
    fi
  :: else
  fi;
  sending[i] = c;
  blocked = blocked & ~B(i);
#ifdef HEARTBEATS_COMPARED
  agrees[i] = 0;
#endif
  leak(i, c);
  noteDeparted(i, c)
}

/* Whether i would switch to c: activateDue [CallKeys+Epochs.swift]. */
#define MAY_SWITCH(i, c) (HAS(held[i], c) && !RETIRED(i, c) && (sending[i] == NONE || BETTER(c, sending[i])))

/* Switches to the best epoch held from position `p` on, if there is one. */
inline switchToBest(i, p) {
  best = NONE; y = 0;
  do
  :: y < nc ->
    if
    :: MAY_SWITCH(i, y) && cHead[y] >= p && (best == NONE || BETTER(y, best)) -> best = y
    :: else
    fi;
    y++
  :: else -> break
  od;
  if
  :: best != NONE -> activate(i, best)
  :: else
  fi
}

/* install and answer [CallKeys+Epochs.swift] */
inline install(i, c) {
  ok = 1; x = 0;
  do
  :: x < nc ->
    if
    :: HAS(held[i], x) && cEpoch[x] == cEpoch[c] && cKey[x] == cKey[c] -> ok = 0
#ifdef FAIR_PHASE
    :: HAS(erased[i], x) && cEpoch[x] == cEpoch[c] && cKey[x] == cKey[c] -> ok = 2
#endif
    :: else
    fi;
    x++
  :: else -> break
  od;
  if
  :: ok == 1 ->
    held[i] = held[i] | B(c);
    waiting[i] = waiting[i] & ~cHold[c];
#ifdef FAIR_PHASE
    if
    :: sending[i] == NONE || BETTER(c, sending[i]) -> heardSince[i] = 0
    :: else
    fi;
#endif
    noteDeparted(i, c)
  :: else
  fi;
  if
  :: ok != 2 && cAdvised[c] > answered[i] ->
    answered[i] = cAdvised[c];
    if
    :: prep[i] > 0 && LABEL(prep[i] - 1) <= cAdvised[c] -> prep[i] = 0
    :: else
    fi
  :: else
  fi
}

/* canRatchet [CallKeys+Commit.swift]: nobody who holds the base may be left out. */
#ifndef BROKEN_RATCHET_ON_LEAVE
#define CAN_RATCHET(i) (nw != NONE && cEpoch[nw] >= heardEpoch[i] && (cHold[nw] & ~hold) == 0)
#else
#define CAN_RATCHET(i) (nw != NONE && cEpoch[nw] >= heardEpoch[i])
#endif

/* commit [CallKeys+Commit.swift]: makes the epoch for position `p`, answering the relay's epoch `label`, 0 for none. */
inline commit(i, label, p) {
  findNewest(i);
  hold = ELIGIBLE(i, ros[p]);
  assert(nc < MAXC);
  cHead[nc] = p; cOrigin[nc] = i; cAdvised[nc] = label; cHold[nc] = hold;
  cEpoch[nc] = ((EPOCH(nw) > heardEpoch[i] -> EPOCH(nw) : heardEpoch[i])) + 1;
  if
  :: label > cEpoch[nc] -> cEpoch[nc] = label
  :: else
  fi;
  if
  :: CAN_RATCHET(i) ->
    cBase[nc] = cKey[nw]; cWrap[nc] = hold & ~cHold[nw] & ~B(i); cKey[nc] = nc;
    /* The same base and roster give the same key, whoever ratchets. */
    x = 0;
    do
    :: x < nc ->
      if
      :: cBase[x] == cBase[nc] && cHold[x] == hold -> cKey[nc] = cKey[x]
      :: else
      fi;
      x++
    :: else -> break
    od;
    SAW(sawRatchet)
  :: else ->
    cBase[nc] = NONE; cWrap[nc] = hold & ~B(i); cKey[nc] = nc
  fi;
  /* noteLeave closes the channel to the departed; everybody else gets the announcement. */
  cFly[nc] = hold & ~B(i) & live & ros[shown[i]];
  cAgain[nc] = 0;
  /* The departed colludes with the relay: it has what was ever sent to it, at once, and ratchets on from there. */
  if
  :: HAS(cWrap[nc] & ros[shown[i]], leaver) || i == leaver || (cBase[nc] != NONE && HAS(leaked, cBase[nc])) ->
    leaked = leaked | B(cKey[nc])
  :: else
  fi;
  nc++;
  install(i, nc - 1)
}

/* catchUp [CallKeys+Commit.swift]: `giver` gives `taker` the key that it sends under, once more. */
inline catchUp(giver, taker) {
  if
  :: sending[giver] != NONE && HAS(cHold[sending[giver]] & live & ELIGIBLE(giver, ros[shown[giver]]), taker) ->
#ifndef BROKEN_NO_CATCHUP
    cAgain[sending[giver]] = cAgain[sending[giver]] | B(taker)
#else
    skip
#endif
  :: else
  fi
}

/* heard [CallKeys+Receive.swift] */
inline heard(hearer, speaker) {
#ifdef FAIR_PHASE
  heardSince[hearer] = heardSince[hearer] | (phase == FAIR -> B(speaker) : 0);
#endif
  if
  :: HAS(silent[hearer], speaker) ->
    silent[hearer] = silent[hearer] & ~B(speaker);
    waiting[hearer] = waiting[hearer] | B(speaker)
  :: else
  fi
}

/* receiveCommit, verify, key(of:) [CallKeys+Verify.swift]; `again` for the copy that a catch-up brings. */
inline receiveCommit(i, c, again) {
  /* Only what came through the pairwise channel is a sign of life, not an announcement. */
  if
  :: !again && HAS(cWrap[c], i) && HAS(ros[shown[i]], cOrigin[c]) -> heard(i, cOrigin[c])
  :: else
  fi;
  if
  :: ((sending[i] == NONE || (cEpoch[c] >= cEpoch[sending[i]] && cHead[c] >= cHead[sending[i]]))
      && HAS(ros[cHead[c]] & cHold[c], i) && (again || HAS(ros[shown[i]], cOrigin[c]))) ->
    if
    :: again || HAS(cWrap[c], i) ->
      install(i, c);
      if
      :: again && MAY_SWITCH(i, c) -> activate(i, c); SAW(sawCatchUp)
      :: else
      fi
    :: else ->
      /* The base is named by epoch and id; the confirmation shows that the ratcheted key is the committer's. */
      best = NONE; y = 0;
      do
      :: y < nc ->
        if
#ifndef BROKEN_NO_CONFIRMATION
        :: HAS(held[i], y) && cKey[y] == cBase[c] && (cHold[y] & ~cHold[c]) == 0 -> best = y
#else
        :: HAS(held[i], y) && cEpoch[y] == cEpoch[c] - 1 && (best == NONE || BETTER(y, best)) -> best = y
#endif
        :: else
        fi;
        y++
      :: else -> break
      od;
      if
      :: best == NONE -> catchUp(cOrigin[c], i)          /* badBase: the committer is asked for the key */
      :: else ->
        if
        :: cKey[best] != cBase[c] -> wrongKey[i] = wrongKey[i] | B(c)
        :: else
        fi;
        install(i, c)
      fi
    fi
  :: else
  fi;
  blockIfOverdue(i)
}

/* The heartbeat names the sending epoch and its id. */
#define ON_ONE_EPOCH(i, j) (sending[i] != NONE && sending[j] != NONE && cEpoch[sending[i]] == cEpoch[sending[j]])
#ifndef BROKEN_HEARTBEAT_WITHOUT_ID
#define SAYS_THE_SAME(i, j) (ON_ONE_EPOCH(i, j) && cKey[sending[i]] == cKey[sending[j]])
#else
#define SAYS_THE_SAME(i, j) ON_ONE_EPOCH(i, j)
#endif

/* requestEpoch [CallKeys+Receive.swift] and its answer: i asks `who` for the key that it sends under. */
inline askForKey(who, i) {
  heard(who, i);
  catchUp(who, i)
}

/* noteUnheld [CallKeys+Receive.swift]: `who` goes on under a key that it was asked for in vain, for it leaves i out, or
   its epoch is of a position before the one of i. It takes a second heartbeat. In the hostile phase one stands for
   both, since the relay may lose every answer in between. */
inline noteUnheld(who, i) {
#ifdef BROKEN_NO_STRAY
  skip
#else
#ifdef FAIR_PHASE
  if
  :: phase == FAIR && (unheld[N * i + who] == 0 || cEpoch[unheld[N * i + who] - 1] != cEpoch[sending[who]]
    || cKey[unheld[N * i + who] - 1] != cKey[sending[who]]) -> unheld[N * i + who] = sending[who] + 1
  :: else -> strayed[i] = cEpoch[sending[who]]
  fi
#else
  strayed[i] = cEpoch[sending[who]]
#endif
#endif
}

/* A heartbeat of `who` reaches i [CallKeys+Receive.swift]. */
inline heartbeat(who, i) {
  heard(i, who);
  if
  :: EPOCH(sending[who]) > heardEpoch[i] -> heardEpoch[i] = EPOCH(sending[who])
  :: else
  fi;
#ifdef HEARTBEATS_COMPARED
  if
  :: SAYS_THE_SAME(i, who) -> agrees[i] = agrees[i] | B(who)
  :: else -> agrees[i] = agrees[i] & ~B(who)
  fi;
#endif
  ok = 0; x = 0;
  do
  :: x < nc ->
    if
    :: sending[who] != NONE && HAS(held[i], x) && cEpoch[x] == cEpoch[sending[who]] && cKey[x] == cKey[sending[who]] ->
      ok = 1
    :: else
    fi;
    x++
  :: else -> break
  od;
#ifdef FAIR_PHASE
  if
  :: ok -> unheld[N * i + who] = 0
  :: else
  fi;
#endif
  if
  :: ok && EPOCH(sending[who]) >= EPOCH(sending[i])
  :: else ->
    if
    :: !ok && sending[who] != NONE && EPOCH(sending[who]) >= EPOCH(sending[i]) ->
      noteUnheld(who, i);
      askForKey(who, i)
    :: else
    fi;
    if
    :: (sending[i] != NONE && HAS(cHold[sending[i]], who) && EPOCH(sending[who]) <= cEpoch[sending[i]]
        && FIRST_IN_RANK(i, ros[shown[i]] & ~B(who))) -> catchUp(i, who)
    :: else
    fi
  fi;
  blockIfOverdue(i)
}

/* membershipChanged, noteLeave [CallKeys+Membership.swift]: the next log entry is shown to i. */
inline learn(i) {
  shown[i] = shown[i] + 1;
  if
  :: shown[i] == leaveAt && i != leaver ->
#ifdef BROKEN_FORGETFUL
    departures = departures | B(i);
#endif
    silent[i] = silent[i] & ~B(leaver); waiting[i] = waiting[i] & ~B(leaver);
    bits = held[i]; x = 0;
    do
    :: x < nc ->
      if
      :: HAS(bits, x) && HAS(cHold[x], leaver) -> pending = pending | B(i)
      :: else
      fi;
      x++
    :: else -> break
    od
  :: else
  fi
}

/* rekey(prepare) [CallKeys+Epochs.swift]; `nw` must be the newest. Of a position before the newest's it is ignored.
   `execute` counts only for an epoch that was prepared or answered here, so executedAdvice holds back no preparation
   that these two let pass, and all it does is to let a switch come early: the relay's execute is the step DUE. */
#define HEEDS_PREPARE(i, a) (shown[i] >= advHead[a] && HAS(ros[advHead[a]], i) \
  && LABEL(a) > answered[i] && a + 1 > prep[i])
#ifndef BROKEN_ANY_POSITION
#define NOT_BEFORE_NEWEST(p) (nw == NONE || (p) >= cHead[nw])
#else
#define NOT_BEFORE_NEWEST(p) true
#endif
inline prepare(i, a) {
  findNewest(i);
  if
  :: NOT_BEFORE_NEWEST(advHead[a]) -> prep[i] = a + 1
  :: else
  fi
}

/* When i may commit on its own: wantedCommit [CallKeys+Timers.swift]. `nw` must be the newest. */
#define IN_ROSTER(i) HAS(ros[shown[i]], i)
#define PREP_HEAD(i) (prep[i] == 0 -> 0 : advHead[prep[i] - 1])
#define WANTS_FOR_LEAVE(i) (nw != NONE && HAS(pending, i) && cHead[nw] < leaveAt && PREP_HEAD(i) < leaveAt)
#define WANTS_FOR_SILENCE(i) (nw != NONE && FIRST_IN_RANK(i, ros[shown[i]]) && prep[i] == 0 \
  && (silent[i] & ros[shown[i]] & cHold[nw]) != 0)
/* missingSince: a live member that the newest epoch leaves out is let in, in turn of rank among those that hold the
   epoch. What was silent and is heard again is so at once, any other a heartbeat's time after, if it was heard. */
#ifdef FAIR_PHASE
#define HEARD(i) (phase == HOSTILE -> 15 : waiting[i] | heardSince[i])
#define WAITED(i) (phase == HOSTILE || keyless[i] > 2)
#else
#define HEARD(i) 15
#define WAITED(i) true
#endif
#ifndef BROKEN_NO_MISSING
#define WANTS_FOR_MISSING(i) (nw != NONE && prep[i] == 0 && HAS(cHold[nw], i) \
  && (ELIGIBLE(i, ros[shown[i]]) & ~cHold[nw] & HEARD(i)) != 0)
#else
#define WANTS_FOR_MISSING(i) false
#endif
/* A member goes on under an epoch that is not to be had: one above it for all, in turn of rank. */
#define WANTS_FOR_STRAY(i) (nw != NONE && prep[i] == 0 && strayed[i] > 0 && strayed[i] >= cEpoch[nw])
/* Nobody gave this member a key, and those who have one would have by now. */
#ifndef BROKEN_NO_KEYLESS
#define WANTS_FIRST_KEY(i) (nw == NONE && prep[i] == 0 && WAITED(i))
#else
#define WANTS_FIRST_KEY(i) false
#endif
#define WANTS_COMMIT(i) (WANTS_FOR_LEAVE(i) || WANTS_FOR_SILENCE(i) || WANTS_FOR_MISSING(i) || WANTS_FOR_STRAY(i) \
  || WANTS_FIRST_KEY(i))

/* preparationDue, commitDue [CallKeys+Timers.swift]: any member may be the one whose turn in rank has come. By then the
   newest may be of a later position than the preparation; the epoch is made all the same: noteDeparted judges it. */
inline commitPrepared(i) {
  k = prep[i] - 1;
  commit(i, LABEL(k), advHead[k]);
  prep[i] = 0
}

/* ==================================================================================================================
   The hostile phase: one process per client, one for the relay. Every option is one step of `CallKeys`. */

#define MAY_COMMIT (nc < COMMITS)
#define ACTING (phase == HOSTILE && HAS(live, i))

#define SENT(c) (c < nc && HAS(cFly[c], i) && shown[i] >= cHead[c])
#define SENT_AGAIN(c) (c < nc && HAS(cAgain[c], i) && shown[i] >= cHead[c])
#define DUE(c) (c < nc && c != sending[i] && MAY_SWITCH(i, c))
#define SPEAKS(who) (who != i && HAS(live & ros[shown[i]], who) && HAS(ros[shown[who]], i) && sending[who] != NONE)
#define UNHELD(who) (!HAS(held[i], sending[who]) && EPOCH(sending[who]) >= EPOCH(sending[i]))
#define MISSED(who) (who != i && HAS(ros[shown[i]] & ~silent[i], who))
#if COMMITS == 2
#define ANY(p) p(1)
#define PICK(p) c = 1
#elif COMMITS == 3
#define ANY(p) (p(1) || p(2))
#define PICK(p) if :: p(1) -> c = 1 :: p(2) -> c = 2 fi
#elif COMMITS == 4
#define ANY(p) (p(1) || p(2) || p(3))
#define PICK(p) if :: p(1) -> c = 1 :: p(2) -> c = 2 :: p(3) -> c = 3 fi
#else
#define ANY(p) (p(1) || p(2) || p(3) || p(4))
#define PICK(p) if :: p(1) -> c = 1 :: p(2) -> c = 2 :: p(3) -> c = 3 :: p(4) -> c = 4 fi
#endif
#define ANYBODY(p) (p(0) || p(1) || p(2) || p(3))
#define PICK_MEMBER(p) if :: p(0) -> c = 0 :: p(1) -> c = 1 :: p(2) -> c = 2 :: p(3) -> c = 3 fi

proctype Client(byte i) {
  byte c;                      /* a commit, or a member; 0 between steps */
  do
  /* The commits reach it in any order or never. */
  :: atomic { ACTING && ANY(SENT) -> PICK(SENT);
       d_step { cFly[c] = cFly[c] & ~B(i); receiveCommit(i, c, 0); c = 0 } }
  :: atomic { ACTING && (SENT_AGAIN(0) || ANY(SENT_AGAIN)) ->
       if
       :: SENT_AGAIN(0)
       :: ANY(SENT_AGAIN) -> PICK(SENT_AGAIN)
       fi;
       d_step { cAgain[c] = cAgain[c] & ~B(i); receiveCommit(i, c, 1); c = 0 } }
  /* It switches when the relay says execute, which may be early, late or never, or when its own timer says so. */
  :: atomic { ACTING && ANY(DUE) -> PICK(DUE); d_step { activate(i, c); blockIfOverdue(i); c = 0 } }
#if HEARTBEATS > 0
  :: atomic { ACTING && heartbeats < HEARTBEATS && ANYBODY(SPEAKS) -> PICK_MEMBER(SPEAKS);
       if
       :: d_step { heartbeats++; heartbeat(c, i); c = 0 }
       /* requestKey [CallKeys+Frames.swift]: a frame of `c` does not open. */
       :: d_step { UNHELD(c) -> heartbeats++; askForKey(c, i); blockIfOverdue(i); c = 0 }
       fi }
#endif
#if SILENCES > 0
  /* findSilent [CallKeys+Timers.swift]: the relay swallows the heartbeats of one that still runs. */
  :: atomic { ACTING && silences < SILENCES && ANYBODY(MISSED) -> PICK_MEMBER(MISSED);
       d_step { silences++; silent[i] = silent[i] | B(c); c = 0 } }
#endif
  /* The relay shows a prepare to some, in any order; whose turn in rank comes while nobody has answered commits. */
#define PREPARE(a) \
  :: d_step { ACTING && a < advised && HEEDS_PREPARE(i, a) -> prepare(i, a) }
  PREPARE(0)
#if ADVICE > 1
  PREPARE(1)
#endif
  :: d_step { ACTING && MAY_COMMIT && prep[i] > 0 -> commitPrepared(i); blockIfOverdue(i) }
  :: d_step { ACTING && shown[i] < head && HAS(ros[shown[i] + 1], i) -> learn(i) }
  :: d_step { ACTING && MAY_COMMIT && IN_ROSTER(i) ->
       findNewest(i);
       if
       :: WANTS_COMMIT(i) -> commit(i, 0, shown[i])
       :: else
       fi;
       blockIfOverdue(i) }
  /* The deadline after it learned of the leave: an epoch that reflects the leave is switched to, else sealing stops. */
  :: d_step { ACTING && KNOWS_LEAVE(i) && !HAS(overdue, i) ->
       overdue = overdue | B(i);
       switchToBest(i, leaveAt);
       blockIfOverdue(i) }
  :: phase != HOSTILE -> break
  od
}

/* Whatever is under way to these members never arrives. */
inline lose(set) {
  x = 0;
  do
  :: x < nc -> cFly[x] = cFly[x] & ~(set); cAgain[x] = cAgain[x] & ~(set); x++
  :: else -> break
  od
}

/* First in rank for good. */
#define COMMITTER (leaver == 0 -> 1 : 0)

/* Left or crashed: what it was is of no account any more. */
inline gone(who) {
  live = live & ~B(who); pending = pending & ~B(who); blocked = blocked & ~B(who); overdue = overdue & ~B(who);
  held[who] = 0; sending[who] = NONE; prep[who] = 0; answered[who] = 0; heardEpoch[who] = 0;
  silent[who] = 0; waiting[who] = 0; wrongKey[who] = 0; strayed[who] = 0
}

#define MAY_ENTER (head >= joinAt && shown[joiner] == 0 && !(joiner == leaver && head >= leaveAt))

/* The relay lets members in and out, prepares what it likes, and lets a committer die at any point. */
proctype Relay() {
  do
  :: d_step { phase == HOSTILE && head < 2 && ros[head + 1] != ros[head] ->
       head++;
       if
       :: head == leaveAt ->
         lose(B(leaver));
         gone(leaver)
       :: else
       fi }
  /* joined [CallKeys+Membership.swift]: the joiner is shown the log from its own entry on. */
  :: d_step { MAY_ENTER && phase == HOSTILE -> shown[joiner] = joinAt; live = live | B(joiner) }
  :: d_step { phase == HOSTILE && advised < ADVICE && head > 0 -> advHead[advised] = head; advised++ }
  /* A lie: an epoch for a position that is not the newest. */
  :: d_step { phase == HOSTILE && advised < ADVICE && head > 1 -> advHead[advised] = head - 1; advised++ }
  /* The committer dies, at any point: between prepare and execute, with its commit on the way to all, some or none. */
  :: d_step { phase == HOSTILE && crashes < CRASHES && HAS(live, COMMITTER) ->
       lose(B(COMMITTER)); crashes++; gone(COMMITTER) }
#ifdef FAIR_PHASE
  :: d_step { phase == HOSTILE -> phase = FAIR }
  /* What is under way at that moment is lost, all or in part: to everybody, or to one member. */
  :: d_step { phase == HOSTILE && nc > 1 -> lose(15); phase = FAIR }
  :: d_step { phase == HOSTILE && nc > 1 -> lose(1); phase = FAIR }
  :: d_step { phase == HOSTILE && nc > 1 -> lose(2); phase = FAIR }
#endif
  :: phase != HOSTILE -> break
  od
}

#ifdef FAIR_PHASE
/* ==================================================================================================================
   The fair phase. One round is a little more than a heartbeat period, and longer than every deadline: log and advice
   arrive, timers fire, commits arrive, retired epochs are erased, heartbeats are exchanged. `up` is the order of the
   members, `apart` whether timers fire before commits of the same round arrive (a race) or after (rank decides). */

hidden byte m, o, copy, tries, turn, i2, j2, a2;

inline flush() {
  tries = 0;
  do
  :: tries < 2 * nc * N ->
    m = tries % N; o = (tries / N) % nc; copy = tries / (N * nc);
    if
    :: HAS((copy == 0 -> cFly[o] : cAgain[o]), m) && shown[m] >= cHead[o] ->
      if
      :: copy == 0 -> cFly[o] = cFly[o] & ~B(m)
      :: else -> cAgain[o] = cAgain[o] & ~B(m)
      fi;
      receiveCommit(m, o, copy)
    :: else
    fi;
    tries++
  :: else -> break
  od
}



inline fairRound(up, apart) {
  /* An honest trigger prepares a change once: one that was never prepared is prepared now. */
  ok = (head == 0); a2 = 0;
  do
  :: a2 < advised -> ok = ok || (advHead[a2] == head); a2++
  :: else -> break
  od;
  if
  :: !ok -> advHead[advised] = head; advised++
  :: else
  fi;
  if
  :: MAY_ENTER ->
    shown[joiner] = joinAt; live = live | B(joiner)
  :: else
  fi;
  turn = 0;
  do
  :: turn < N ->
    do
    :: HAS(live, turn) && shown[turn] < head -> learn(turn)
    :: else -> break
    od;
    a2 = 0;
    do
    :: a2 < advised ->
      if
      :: HAS(live, turn) && HEEDS_PREPARE(turn, a2) -> prepare(turn, a2)
      :: else
      fi;
      a2++
    :: else -> break
    od;
    turn++
  :: else -> break
  od;
  flush();
  turn = 0;
  do
  :: turn < N ->
    i2 = (up -> turn : N - 1 - turn);
    if
    :: HAS(live, i2) && IN_ROSTER(i2) ->
      silent[i2] = silent[i2] | (ros[shown[i2]] & ~live);
      if
      :: prep[i2] > 0 -> commitPrepared(i2)
      :: else
      fi;
      findNewest(i2);
      if
      :: nw == NONE -> keyless[i2]++
      :: else
      fi;
      if
      :: WANTS_COMMIT(i2) -> commit(i2, 0, shown[i2])
      :: else
      fi;
      if
      :: !apart -> flush()
      :: else
      fi
    :: else
    fi;
    turn++
  :: else -> break
  od;
  flush();
  turn = 0;
  do
  :: turn < N ->
    if
    :: HAS(live, turn) ->
      switchToBest(turn, 0);
      if
      :: KNOWS_LEAVE(turn) -> overdue = overdue | B(turn)
      :: else
      fi;
      blockIfOverdue(turn);
      y = 0;
      do
      :: y < nc ->
        if
        :: HAS(held[turn], y) && RETIRED(turn, y) -> held[turn] = held[turn] & ~B(y); erased[turn] = erased[turn] | B(y)
        :: else
        fi;
        y++
      :: else -> break
      od
    :: else
    fi;
    turn++
  :: else -> break
  od;
  turn = 0;
  do
  :: turn < N * N ->
    i2 = (up -> turn / N : N - 1 - turn / N); j2 = turn % N;
    if
    :: i2 != j2 && HAS(live, i2) && HAS(live, j2) && HAS(ros[shown[j2]], i2) && HAS(ros[shown[i2]], j2) ->
      heartbeat(i2, j2)
    :: else
    fi;
    turn++
  :: else -> break
  od;
  round++;
  if
  :: round == ROUNDS -> phase = DONE
  :: else
  fi
}

proctype Fair() {
  bool up, apart;
  phase == FAIR;
  do
  :: atomic { phase == FAIR ->
       if
       :: up = 1; apart = 0
       :: up = 1; apart = 1
       :: up = 0; apart = 1
       fi;
       d_step { fairRound(up, apart); up = 0; apart = 0 } }
  :: phase == DONE -> break
  od
}
#endif

/* ---- The casts: who is there, who comes, who goes. ---- */
inline cast(r0, r1, r2, j, atJ, l, atL) {
  ros[0] = r0; ros[1] = r1; ros[2] = r2; joiner = j; joinAt = atJ; leaver = l; leaveAt = atL
}

init {
  atomic {
    if
#if CAST == 0 || CAST == 1
    :: cast(3, 7, 3, 2, 1, 2, 2)         /* 0 and 1 are there; 2 joins and leaves */
#endif
#if CAST == 0 || CAST == 2
    :: cast(7, 3, 11, 3, 2, 2, 1)        /* 0, 1 and 2 are there; 2 leaves, 3 joins */
#endif
#if CAST == 0 || CAST == 3
    :: cast(7, 6, 14, 3, 2, 0, 1)        /* 0, 1 and 2 are there; 0, the committer, leaves, 3 joins */
#endif
#if CAST == 4
    :: cast(3, 7, 3, 2, 1, 2, 2)         /* as 1, and nobody was given a key: the first epoch is held by none */
#endif
    fi;
    d_step {
      live = ros[0];
      /* All who are there are on epoch 1, which 0 committed. */
      nc = 1; cEpoch[0] = 1; cAdvised[0] = 1; cHold[0] = (CAST == 4 -> 0 : ros[0]); cBase[0] = NONE;
      x = 0;
      do
      :: x < N ->
        if
        :: HAS(ros[0], x) && CAST != 4 -> held[x] = 1; sending[x] = 0; answered[x] = 1; heardEpoch[x] = 1
        :: else -> sending[x] = NONE
        fi;
        x++
      :: else -> break
      od;
      if
      :: HAS(ros[0], leaver) -> leaked = 1
      :: else
      fi
    }
    run Relay();
    run Client(0);
    run Client(1);
    run Client(2);
    run Client(3)
#ifdef FAIR_PHASE
    ;
    run Fair()
#endif
  }
}

/* ==================================================================================================================
   Properties. */

/* S1: after its deadline nobody seals under a key that the departed member has. */
#define SEALS_FOR_DEPARTED(i) (HAS(live & overdue & ~blocked, i) && sending[i] != NONE && HAS(leaked, cKey[sending[i]]))
never s1 {
  do
  :: assert(!(SEALS_FOR_DEPARTED(0) || SEALS_FOR_DEPARTED(1) || SEALS_FOR_DEPARTED(2) || SEALS_FOR_DEPARTED(3)))
  od
}

#ifdef HEARTBEATS_COMPARED
/* S2: no two live members are on one epoch with different keys while both were told that they agree: by each other's
   heartbeats, or by a commit whose confirmation they checked. */
#define ONE_EPOCH(i, j) (HAS(live, i) && HAS(live, j) && ON_ONE_EPOCH(i, j))
#define DECEIVED(i, j) (ONE_EPOCH(i, j) && ( \
  (HAS(agrees[i], j) && HAS(agrees[j], i) && cKey[sending[i]] != cKey[sending[j]]) || \
  (sending[i] == sending[j] && (wrongKey[i] & B(sending[i])) != (wrongKey[j] & B(sending[i])))))
never s2 {
  do
  :: assert(!(DECEIVED(0, 1) || DECEIVED(0, 2) || DECEIVED(1, 2) || DECEIVED(0, 3) || DECEIVED(1, 3) || DECEIVED(2, 3)))
  od
}

#endif

/* P: after the fair rounds every live member of the roster seals, and all under one key. */
#define HERE(i) HAS(live & ros[head], i)
#define SAME(i, j) (!(HERE(i) && HERE(j)) || (sending[i] != NONE && sending[j] != NONE \
  && cEpoch[sending[i]] == cEpoch[sending[j]] && cKey[sending[i]] == cKey[sending[j]]))
#define ONE_KEY (SAME(0, 1) && SAME(0, 2) && SAME(0, 3) && SAME(1, 2) && SAME(1, 3) && SAME(2, 3) \
  && (blocked & live & ros[head]) == 0)
never p { do :: assert(phase != DONE || ONE_KEY) od }
/* ... and the fair rounds come to an end. */
ltl ends { [] (phase == FAIR -> <> (phase == DONE)) }

/* These must be violated: what they deny has to be reached, or the properties above would be empty. */
never never_blocked { do :: assert(blocked == 0) od }
#define RIVALS(i, j) (HAS(live, i) && HAS(live, j) && ON_ONE_EPOCH(i, j) && cKey[sending[i]] != cKey[sending[j]])
never never_rivals { do :: assert(!(RIVALS(0, 1) || RIVALS(0, 2) || RIVALS(1, 2))) od }
#ifdef REACH
never never_fresh_after_leave { do :: assert(!sawFreshAfterLeave) od }
never never_ratchet { do :: assert(!sawRatchet) od }
never never_catch_up { do :: assert(!sawCatchUp) od }
#endif
never never_done { do :: assert(phase != DONE) od }
never never_converged { do :: assert(!(phase == DONE && head == 2 && HAS(live, 1) && HAS(live, 3) && ONE_KEY)) od }
