using System.Buffers.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>The best field of each meaning in one structured line, and how they become a record.</summary>
/// <param name="mendsNames">A service or environment that is no name becomes one, and stays an attribute as it was; otherwise it only stays.</param>
internal sealed class FieldPicks(TextScratch scratch, bool mendsNames = false)
{
    private readonly Pick[] _picks = new Pick[FieldNames.Roles];

    public bool Has(FieldRole role) => _picks[(int)role].IsSet;

    /// <summary>The member of the line's object that was picked, or -1 for a nested one.</summary>
    public int MemberOf(FieldRole role) => _picks[(int)role].Member;

    public void Clear() => Array.Clear(_picks);

    /// <summary>Offers a field; an earlier one of better rank stays.</summary>
    public void Offer(FieldRole role, int rank, int start, int end, bool isEscaped, int member)
    {
        ref var pick = ref _picks[(int)role];
        if (!pick.IsSet || rank < pick.Rank)
        {
            pick = new Pick(true, rank, start, end, isEscaped, member);
        }
    }

    public void Drop(FieldRole role) => _picks[(int)role] = default;

    /// <summary>The text of the picked field; empty when there is none.</summary>
    public ReadOnlySpan<byte> Text(FieldRole role, ReadOnlySpan<byte> line)
    {
        var pick = _picks[(int)role];
        var text = line[pick.Start..pick.End];
        return pick.IsEscaped ? scratch.Unescape(text) : text;
    }

    /// <summary>Fills everything but the attributes; a field that does not hold what its name says is dropped from the picks.</summary>
    public void Fill(ReadOnlySpan<byte> line, scoped ref LineFields fields)
    {
        FillStamp(line, ref fields);
        FillLevel(line, ref fields);
        fields.TraceId = Reference(FieldRole.TraceId, line);
        fields.SpanId = Reference(FieldRole.SpanId, line);
        fields.Service = Name(FieldRole.Service, line);
        fields.Environment = Name(FieldRole.Environment, line);
        fields.Host = Has(FieldRole.Host) ? Text(FieldRole.Host, line) : default;
        fields.Origin = Has(FieldRole.Origin) ? Text(FieldRole.Origin, line) : default;
        FillMessage(line, ref fields);
    }

    private void FillStamp(ReadOnlySpan<byte> line, scoped ref LineFields fields)
    {
        if (Has(FieldRole.Timestamp) && !StampReader.TryReadAll(Text(FieldRole.Timestamp, line), out fields.Stamp))
        {
            Drop(FieldRole.Timestamp);
        }

        if (fields.Stamp.Kind == StampKind.None && Has(FieldRole.InstantSeconds)
            && EpochTime.TryRead(Text(FieldRole.InstantSeconds, line), out var seconds))
        {
            var isPrecise = Utf8Parser.TryParse(Text(FieldRole.InstantNanos, line), out int nanos, out _);
            fields.Stamp = seconds with { Nanos = seconds.Nanos + (isPrecise ? Math.Clamp(nanos, 0, 999_999_999) : 0) };
        }
    }

    private void FillLevel(ReadOnlySpan<byte> line, scoped ref LineFields fields)
    {
        var severity = Severity.Info;
        if (Has(FieldRole.Level))
        {
            var text = LevelWord.StripColour(Text(FieldRole.Level, line));
            if (TryReadLevel(text, out severity, out var isNumber))
            {
                fields.SetSeverity(severity);
                fields.IsSyslogLevel = text.Length == 1 && ByteText.IsDigit(text[0]);
                if (isNumber && Has(FieldRole.ServiceOrLogger))
                {
                    var pick = _picks[(int)FieldRole.ServiceOrLogger];
                    Offer(FieldRole.Service, int.MaxValue, pick.Start, pick.End, pick.IsEscaped, pick.Member);
                }

                return;
            }

            Drop(FieldRole.Level);
        }

        if (Has(FieldRole.OtelLevel) && TryReadNumber(FieldRole.OtelLevel, line, out var number)
            && Severities.TryFromOpenTelemetry(number, out severity))
        {
            fields.SetSeverity(severity);
        }
        else if (Has(FieldRole.SyslogLevel) && TryReadNumber(FieldRole.SyslogLevel, line, out number) && number is >= 0 and <= 7)
        {
            fields.SetSeverity(LevelWord.FromSyslog((int)number));
            fields.IsSyslogLevel = true;
        }
    }

    private static bool TryReadLevel(ReadOnlySpan<byte> text, out Severity severity, out bool isNumber)
    {
        isNumber = false;
        if (Utf8Parser.TryParse(text, out long number, out var used) && used == text.Length)
        {
            isNumber = number >= 10;
            severity = number is >= 0 and <= 7 ? LevelWord.FromSyslog((int)number) : Severity.Info;
            return number is >= 0 and <= 7 || Severities.TryFromSteps(number, out severity);
        }

        // slog writes ERROR+2 for levels between its names.
        var end = text.IndexOfAny((byte)'+', (byte)'-');
        return Severities.TryParse(ByteText.Trim(end > 0 ? text[..end] : text), out severity);
    }

    private void FillMessage(ReadOnlySpan<byte> line, scoped ref LineFields fields)
    {
        if (Has(FieldRole.Message))
        {
            fields.Message = Text(FieldRole.Message, line);
        }
        else if (Has(FieldRole.Request) || (Has(FieldRole.Path) && Has(FieldRole.Method)))
        {
            fields.Message = ComposeRequest(line, ref fields);
        }
        else if (Has(FieldRole.Error))
        {
            fields.Message = Text(FieldRole.Error, line);
        }
    }

    private ReadOnlySpan<byte> ComposeRequest(ReadOnlySpan<byte> line, scoped ref LineFields fields)
    {
        // Each part is read before the mark: reading may itself write to the scratch memory.
        var first = Text(Has(FieldRole.Request) ? FieldRole.Request : FieldRole.Method, line);
        var path = Has(FieldRole.Request) ? default : Text(FieldRole.Path, line);
        var status = Text(FieldRole.Status, line);
        var mark = scratch.Mark;
        scratch.Append(first);
        if (!path.IsEmpty)
        {
            scratch.Append(" "u8);
            scratch.Append(path);
        }

        if (!status.IsEmpty)
        {
            scratch.Append(" "u8);
            scratch.Append(status);
            if (!fields.HasSeverity)
            {
                fields.SetSeverity(LevelWord.FromHttpStatus(status));
            }
        }

        return scratch.From(mark);
    }

    private ReadOnlySpan<byte> Reference(FieldRole role, ReadOnlySpan<byte> line)
    {
        if (!Has(role))
        {
            return default;
        }

        var text = Text(role, line);

        // Google Cloud writes projects/P/traces/ID.
        var slash = text.LastIndexOf((byte)'/');
        text = slash >= 0 ? text[(slash + 1)..] : text;
        if (ByteText.IsName(text))
        {
            return text;
        }

        Drop(role);
        return default;
    }

    private ReadOnlySpan<byte> Name(FieldRole role, ReadOnlySpan<byte> line)
    {
        if (!Has(role))
        {
            return default;
        }

        var text = ByteText.Trim(Text(role, line));
        if (text.Length > 1 && text[0] == (byte)'/')
        {
            // Docker's names of containers.
            text = text[1..];
        }

        if (mendsNames ? JsonText.IsVisibleName(text) : ByteText.IsName(text))
        {
            return text;
        }

        Drop(role);
        return mendsNames ? NameMender.Mend(text, scratch) : default;
    }

    private bool TryReadNumber(FieldRole role, ReadOnlySpan<byte> line, out long number)
    {
        var text = Text(role, line);
        return Utf8Parser.TryParse(text, out number, out var used) && used == text.Length;
    }

    private readonly record struct Pick(bool IsSet, int Rank, int Start, int End, bool IsEscaped, int Member);
}
