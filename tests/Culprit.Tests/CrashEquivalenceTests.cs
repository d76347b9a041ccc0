using System.Text;
using Culprit.Engine;
using Culprit.Engine.RootCause;
using Culprit.Engine.Storage;
using Culprit.Server.Journal;
using Culprit.Tests.Support;

namespace Culprit.Tests;

/// <summary>R8: a snapshot and the replay after it give the same events, with the same ids, as a run without the crash.</summary>
public sealed class CrashEquivalenceTests
{
    private const int CrashesEach = 20;

    [Fact]
    public void ACrashAtAnyPointChangesNoEventAndNoId()
    {
        var runs = FaultTier.Pick(1, 50);
        var seed = FaultTier.NewSeed();
        var (events, incidents) = (0, 0);
        for (var run = 0; run < runs; run++)
        {
            var random = new Random(seed + run);
            var entries = FaultyServices.Traffic(random);
            var expected = new Outcome();
            Play(New(), entries, 0, entries.Count, expected);
            events += expected.Count;
            incidents += expected.CountOf("incident.opened");
            for (var crash = 0; crash < CrashesEach; crash++)
            {
                Assert.Equal(expected.Texts, WithCrashes(entries, random).Texts);
            }
        }

        FaultTier.Report($"R8 crash against no crash, {runs * CrashesEach} crashed runs of {runs} traffics with {incidents} incidents and {events} events, seed {seed}: 0 differ");
        Assert.True(incidents >= runs, "too few incidents to compare");
    }

    /// <summary>One to three crashes; each goes back to the newest snapshot, as a restart does.</summary>
    private static Outcome WithCrashes(List<JournalEntry> entries, Random random)
    {
        var outcome = new Outcome();
        var pipeline = New();
        var at = 0;
        for (var crashes = random.Next(1, 4); crashes > 0; crashes--)
        {
            // As in the worker, a snapshot follows a tick.
            var snapshotAt = entries.FindIndex(random.Next(Math.Min(at, entries.Count - 1), entries.Count), e => e.Batch is null) + 1;
            Play(pipeline, entries, at, snapshotAt, outcome);
            var snapshot = pipeline.ToSnapshot();
            Play(pipeline, entries, snapshotAt, random.Next(snapshotAt, entries.Count + 1), outcome);
            pipeline = New();
            Assert.True(pipeline.TryRestore(Pipeline.SnapshotVersion, snapshot));
            at = snapshotAt;
        }

        Play(pipeline, entries, at, entries.Count, outcome);
        return outcome;
    }

    private static void Play(Pipeline pipeline, List<JournalEntry> entries, int from, int to, Outcome outcome)
    {
        foreach (var entry in entries[from..to])
        {
            if (entry.Batch is { } batch)
            {
                var annotations = new BatchAnnotations(batch.Count);
                outcome.Add(pipeline.Process(batch, annotations));
                outcome.Add(batch.FirstSequence, annotations);
            }
            else
            {
                outcome.Add(pipeline.Tick(entry.TickNanos));
            }
        }
    }

    private static Pipeline New() => new(new PipelineOptions(), 42, new RootCauseRanker(RunbookLibrary.Empty));

    /// <summary>What the stores have in the end: they ignore an event whose id they know, and take annotations again.</summary>
    private sealed class Outcome
    {
        private readonly List<DerivedEvent> _events = [];
        private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
        private readonly SortedDictionary<long, string> _annotations = [];

        public List<string> Texts =>
            [.. _events.Select(e => Encoding.UTF8.GetString(e.Json.Span)), .. _annotations.Select(a => $"{a.Key}: {a.Value}")];

        public int Count => _events.Count;

        public int CountOf(string type) => _events.Count(e => e.Type == type);

        public void Add(IReadOnlyList<DerivedEvent> events) => _events.AddRange(events.Where(e => _ids.Add(e.Id)));

        public void Add(long sequence, BatchAnnotations annotations)
        {
            var text = string.Join(' ', annotations.Patterns) + " / " + string.Join(' ', annotations.DuplicateOf);
            Assert.Equal(text, _annotations.GetValueOrDefault(sequence, text));
            _annotations[sequence] = text;
        }
    }
}
