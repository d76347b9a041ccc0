using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion;

/// <summary>A body -> many records: one object, an array, NDJSON or concatenated objects, told apart by their bytes.</summary>
/// <remarks>
/// A line of NDJSON stands alone, so a broken one is refused alone. An array or concatenated objects cannot be trusted
/// after a syntax error: the whole body is refused with the byte offset. Not thread-safe; reusable.
/// </remarks>
internal sealed class BatchJsonParser(IEventTypeCheck? types = null)
{
    private readonly EventJsonParser _events = new();
    private readonly ForeignEvents _foreign = new();

    /// <param name="isLines">The sender says that it is NDJSON.</param>
    public void Parse(
        ReadOnlySpan<byte> body, bool isLines, RecordBatchWriter writer, long receivedNanos, IEventIdFilter? ids, BatchParse result)
    {
        result.Reset();
        writer.Reset();
        var start = body.StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        start += SkipSpace(body[start..]);
        if (start == body.Length)
        {
            return;
        }

        _foreign.Begin(writer, receivedNanos, ids, result);
        var run = new Run(body, writer, receivedNanos, ids, result);
        if (body[start] == (byte)'[' && !(isLines && IsOneLineOfMany(body[start..])))
        {
            ParseArray(run, start);
        }
        else if (isLines || LooksLikeLines(body[start..]))
        {
            ParseLines(run, start);
        }
        else
        {
            ParseConcatenated(run, start);
        }

        _foreign.Finish();
    }

    private void ParseArray(Run run, int at)
    {
        at++;
        var expectsValue = false;
        while (true)
        {
            at += SkipSpace(run.Body[at..]);
            if (at == run.Body.Length)
            {
                run.Result.Fatal = ParseResult.Broken(RejectionCodes.BadJson, "the array does not end", at);
                return;
            }

            if (run.Body[at] == (byte)']' && !expectsValue)
            {
                at++;
                at += SkipSpace(run.Body[at..]);
                if (at < run.Body.Length)
                {
                    run.Result.Fatal = ParseResult.Broken(RejectionCodes.BadJson, "something follows the array", at);
                }

                return;
            }

            if (!TryTake(run, run.Body[at..], at, out var consumed))
            {
                return;
            }

            at += consumed;
            at += SkipSpace(run.Body[at..]);
            expectsValue = at < run.Body.Length && run.Body[at] == (byte)',';
            if (expectsValue)
            {
                at++;
            }
            else if (at < run.Body.Length && run.Body[at] != (byte)']')
            {
                run.Result.Fatal = ParseResult.Broken(RejectionCodes.BadJson, "expected ',' or ']' after an element", at);
                return;
            }
        }
    }

    private void ParseConcatenated(Run run, int at)
    {
        while (at < run.Body.Length)
        {
            if (!TryTake(run, run.Body[at..], at, out var consumed))
            {
                return;
            }

            at += consumed;
            at += SkipSpace(run.Body[at..]);
        }

        run.Result.IsSingle = run.Result.Total == 1;
    }

    private void ParseLines(Run run, int at)
    {
        while (at < run.Body.Length)
        {
            var rest = run.Body[at..];
            var end = rest.IndexOf((byte)'\n');
            var line = end < 0 ? rest : rest[..end];
            at += end < 0 ? rest.Length : end + 1;
            line = line[SkipSpace(line)..];
            while (!line.IsEmpty)
            {
                if (!HasRoom(run, at))
                {
                    return;
                }

                if (!_foreign.TryGoOn(line, out var used))
                {
                    var parsed = _events.Parse(line, run.Writer, run.ReceivedNanos);
                    Account(run, parsed, line);
                    if (parsed.IsSyntax)
                    {
                        break;
                    }

                    used = parsed.Consumed;
                }

                line = line[used..];
                line = line[SkipSpace(line)..];
            }
        }
    }

    /// <summary>Takes one element of a document; false when the document is broken.</summary>
    private bool TryTake(Run run, ReadOnlySpan<byte> input, int at, out int consumed)
    {
        consumed = 0;
        if (!HasRoom(run, at))
        {
            return false;
        }

        if (_foreign.TryGoOn(input, out consumed))
        {
            return true;
        }

        var parsed = _events.Parse(input, run.Writer, run.ReceivedNanos);
        if (parsed.IsSyntax)
        {
            run.Result.Fatal = parsed with { Consumed = at + parsed.Consumed };
            return false;
        }

        consumed = parsed.Consumed;
        Account(run, parsed, input);
        return true;
    }

    private static bool HasRoom(Run run, int at)
    {
        if (run.Writer.Length > EventLimits.MaxBatchRecordBytes)
        {
            run.Result.Fatal = ParseResult.Rejected(
                RejectionCodes.TooManyEvents, $"the records of the body have more than {EventLimits.MaxBatchRecordBytes} bytes: send fewer", at);
            return false;
        }

        if (run.Result.Total < EventLimits.MaxEventsPerBatch)
        {
            return true;
        }

        run.Result.Fatal = ParseResult.Rejected(
            RejectionCodes.TooManyEvents, $"a body may have {EventLimits.MaxEventsPerBatch} events", at);
        return false;
    }

    private void Account(Run run, ParseResult parsed, ReadOnlySpan<byte> input)
    {
        if (parsed.Code == RejectionCodes.NotAnEvent && _foreign.TryTake(input[..parsed.Consumed]))
        {
            return;
        }

        var index = run.Result.Total++;
        if (parsed.IsOk && _events.Kind == EventKind.Custom
            && types?.Check(run.Writer.Get(LogRecord.TypeField), input[..parsed.Consumed]) is { } problem)
        {
            parsed = ParseResult.Rejected(RejectionCodes.InvalidEvent, problem, parsed.Consumed);
        }

        if (!parsed.IsOk)
        {
            run.Result.Rejected.Add(new Rejection(index, parsed.Code!, parsed.Detail!));
            return;
        }

        var id = run.Writer.Get(LogRecord.IdField);
        if (!id.IsEmpty && run.Ids?.IsRepeat(id) == true)
        {
            run.Result.CountDuplicate(index);
            return;
        }

        _events.Commit(run.Writer);
    }

    /// <summary>
    /// True when the first line is a whole object and the next begins another: valid JSON that goes on over a line break
    /// inside an object or array never looks like that.
    /// </summary>
    private static bool LooksLikeLines(ReadOnlySpan<byte> body)
    {
        var end = body.IndexOf((byte)'\n');
        if (end < 0 || body[0] != (byte)'{')
        {
            return false;
        }

        var first = body[..end].TrimEnd(" \t\r"u8);
        var rest = body[end..];
        rest = rest[SkipSpace(rest)..];
        return first[^1] == (byte)'}' && !rest.IsEmpty && rest[0] == (byte)'{';
    }

    /// <summary>True when more than one line has content: an array alone is taken even where NDJSON was announced.</summary>
    private static bool IsOneLineOfMany(ReadOnlySpan<byte> body)
    {
        var end = body.IndexOf((byte)'\n');
        return end >= 0 && SkipSpace(body[end..]) < body.Length - end;
    }

    private static int SkipSpace(ReadOnlySpan<byte> text)
    {
        var at = text.IndexOfAnyExcept(" \t\r\n"u8);
        return at < 0 ? text.Length : at;
    }

    private readonly ref struct Run(
        ReadOnlySpan<byte> body, RecordBatchWriter writer, long receivedNanos, IEventIdFilter? ids, BatchParse result)
    {
        public readonly ReadOnlySpan<byte> Body = body;
        public readonly RecordBatchWriter Writer = writer;
        public readonly long ReceivedNanos = receivedNanos;
        public readonly IEventIdFilter? Ids = ids;
        public readonly BatchParse Result = result;
    }
}
