using System.Buffers;
using Culprit.Benchmarks.Exam.Simulation;
using Culprit.Engine;
using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Server.Analysis;

namespace Culprit.Benchmarks.Exam.Scoring;

/// <summary>Plays simulated telemetry through a pipeline as <c>culprit analyze DIR</c> does, without the files.</summary>
/// <remarks>
/// The lines of each simulated minute go through the parsers of files, and their records are merged by time like those of
/// files; only the ends of the minutes differ.
/// </remarks>
internal sealed class ExamPlayer
{
    private const int SecondsAtOnce = 60;

    /// <summary>In the order in which a telemetry folder is read.</summary>
    private static readonly TelemetryKind[] Kinds = [TelemetryKind.Changes, TelemetryKind.Logs, TelemetryKind.Metrics, TelemetryKind.Traces];

    private readonly FileQuestion _question;
    private readonly RecordingRanker _ranker = new();
    private readonly Pipeline _pipeline;
    private readonly EventTimePlayer _player;
    private readonly long _last;
    private readonly SpanForm _form;
    private readonly ArrayBufferWriter<byte>[] _buffers = [.. Kinds.Select(_ => new ArrayBufferWriter<byte>(1 << 20))];
    private readonly long[] _floors = [.. Kinds.Select(_ => long.MinValue)];
    private readonly long _startNanos;
    private int _seconds;
    private long _sequence = 1;

    public ExamPlayer(SpanForm form, DateTimeOffset start, FileQuestion question)
    {
        _question = question;
        _last = question.Until is { } until ? UnixNanos.From(until) : long.MaxValue;
        _form = form;
        _startNanos = UnixNanos.From(start);
        _pipeline = new Pipeline(question.Configure(new PipelineOptions()), 0, _ranker);
        _player = new EventTimePlayer(_pipeline, events => Report.Add(question.Select(events)));
    }

    public AnalysisReport Report { get; } = new();

    /// <summary>The evidence behind what the report says: the answer to a question, else of each incident the last explanation, in the order in which they were detected.</summary>
    public IReadOnlyList<Dossier> Dossiers => _question.Until is null ? _ranker.Last : _ranker.Newest is { } answer ? [answer] : [];

    public long Records => _sequence - 1;

    public void Add(IReadOnlyList<TelemetryLine> second)
    {
        foreach (var line in second)
        {
            if (_form.Keeps(line))
            {
                var buffer = _buffers[Array.IndexOf(Kinds, line.Kind)];
                buffer.Write(line.Json);
                buffer.Write("\n"u8);
            }
        }

        if (++_seconds % SecondsAtOnce == 0)
        {
            Play();
        }
    }

    public void Finish()
    {
        Play();
        _player.Finish();
        _question.Conclude(_pipeline, Report);
    }

    private void Play()
    {
        var cursors = new List<Cursor>();
        for (var i = 0; i < Kinds.Length; i++)
        {
            var batches = Read(i);
            if (batches.Count > 0)
            {
                cursors.Add(new Cursor(i, batches));
            }
        }

        while (cursors.Count > 0)
        {
            var cursor = cursors.MinBy(c => (c.Key, c.Order))!;
            if (cursor.Key > _last)
            {
                return; // The oldest of all that is left.
            }

            var limit = cursors.Where(c => c != cursor).Select(c => (c.Key, c.Order)).DefaultIfEmpty((long.MaxValue, int.MaxValue)).Min();
            var batch = cursor.Batch;
            var end = cursor.Position + 1;
            while (end < batch.Keys.Length && (batch.Keys[end], cursor.Order).CompareTo(limit) < 0)
            {
                end++;
            }

            if (cursor.Position == 0)
            {
                batch.StartAt(_sequence);
                _sequence += batch.Batch.Count;
            }

            _player.Play(batch.Batch, batch.Keys, cursor.Position, end - cursor.Position, batch.Annotations);
            if (!cursor.MoveTo(end))
            {
                cursors.Remove(cursor);
            }
        }
    }

    private Queue<TimedBatch> Read(int kind)
    {
        var batches = new Queue<TimedBatch>();
        if (_buffers[kind].WrittenCount == 0)
        {
            return batches;
        }

        var options = new LineStreamOptions { WrittenNanos = _startNanos };
        IStreamAssembler assembler = Kinds[kind] == TelemetryKind.Logs ? new LineAssembler(options) : new TelemetryAssembler(options, Kinds[kind]);
        assembler.Write(_buffers[kind].WrittenSpan);
        assembler.Finish();
        while (assembler.TryTake(out var batch))
        {
            var timed = TimedBatch.Of(batch!, _floors[kind]);
            _floors[kind] = timed.Keys[^1];
            batches.Enqueue(timed);
        }

        _buffers[kind].ResetWrittenCount();
        return batches;
    }

    /// <summary>Keeps the evidence that it was last shown of each incident.</summary>
    private sealed class RecordingRanker() : RootCauseRanker(RunbookLibrary.Empty)
    {
        private readonly Dictionary<string, Dossier> _last = new(StringComparer.Ordinal);

        public IReadOnlyList<Dossier> Last => [.. _last.Values.OrderBy(d => d.Incident.DetectedAt).ThenBy(d => d.Incident.Id, StringComparer.Ordinal)];

        public Dossier? Newest { get; private set; }

        public override RootCauseReport Rank(Dossier dossier)
        {
            Newest = dossier;
            _last[dossier.Incident.Id] = dossier;
            return base.Rank(dossier);
        }
    }

    /// <summary>One kind of telemetry as it is being played.</summary>
    private sealed class Cursor(int order, Queue<TimedBatch> batches)
    {
        public int Order => order;

        public TimedBatch Batch { get; private set; } = batches.Dequeue();

        public int Position { get; private set; }

        public long Key => Batch.Keys[Position];

        /// <summary>False at the end of the last batch.</summary>
        public bool MoveTo(int position)
        {
            Position = position;
            if (position < Batch.Keys.Length)
            {
                return true;
            }

            Position = 0;
            if (!batches.TryDequeue(out var next))
            {
                return false;
            }

            Batch = next;
            return true;
        }
    }
}
