namespace Culprit.Engine.Ingestion.Lines;

/// <summary>What a container runtime or shipper wrapped around the line that a program wrote.</summary>
internal ref struct Envelope
{
    public ReadOnlySpan<byte> Line;
    public ReadOnlySpan<byte> Service;
    public ReadOnlySpan<byte> Stream;
    public Stamp Stamp;

    public bool IsWrapped;

    /// <summary>The program's line goes on in the next one: runtimes split at 16 KiB.</summary>
    public bool IsPartial;
}

/// <summary>Unwraps Docker's JSON, CRI, fluent-bit's Kubernetes JSON, and the prefixes of docker compose and kubectl.</summary>
internal static class EnvelopeReader
{
    private const int MaxPrefixBytes = 128;

    public static bool TryRead(ReadOnlySpan<byte> line, TextScratch scratch, out Envelope envelope)
    {
        envelope = default;
        if (line.Length < 12)
        {
            return false;
        }

        return line[0] switch
        {
            (byte)'{' => TryReadJson(line, scratch, ref envelope),
            (byte)'[' => TryReadKubectl(line, ref envelope),
            >= (byte)'0' and <= (byte)'9' => TryReadCri(line, ref envelope),
            _ => ByteText.IsLetter(line[0]) && TryReadCompose(line, ref envelope),
        };
    }

    // {"log":"line\n","stream":"stdout","time":"…"}, perhaps with "kubernetes":{…}
    private static bool TryReadJson(ReadOnlySpan<byte> line, TextScratch scratch, ref Envelope envelope)
    {
        if (line.IndexOf("\"log\":"u8) < 0 || (line.IndexOf("\"stream\":"u8) < 0 && line.IndexOf("\"kubernetes\":"u8) < 0))
        {
            return false;
        }

        var log = default(JsonMember);
        var time = default(JsonMember);
        var at = 1;
        var isFirst = true;
        while (JsonScan.NextMember(line, ref at, isFirst, out var member))
        {
            isFirst = false;
            var name = member.NameIn(line);
            if (name.SequenceEqual("log"u8) && member.IsStringIn(line))
            {
                log = member;
            }
            else if (FieldNames.Find(name, out _) == FieldRole.Timestamp && member.IsStringIn(line))
            {
                time = member;
            }
            else if (name.SequenceEqual("stream"u8) && member.IsStringIn(line))
            {
                envelope.Stream = member.ValueIn(line)[1..^1];
            }
            else if (name.SequenceEqual("kubernetes"u8) && member.IsObjectIn(line))
            {
                envelope.Service = ContainerName(member.ValueIn(line));
            }
        }

        if (at < 0 || log.ValueEnd == 0)
        {
            return false;
        }

        if (time.ValueEnd > 0)
        {
            StampReader.TryReadAll(time.ValueIn(line)[1..^1], out envelope.Stamp);
        }

        var text = log.ValueIn(line)[1..^1];
        text = log.IsEscaped ? scratch.Unescape(text) : text;
        var hasEnd = !text.IsEmpty && text[^1] == (byte)'\n';
        envelope.IsPartial = !hasEnd && text.Length >= 16 * 1024;
        text = hasEnd ? text[..^1] : text;
        envelope.Line = !text.IsEmpty && text[^1] == (byte)'\r' ? text[..^1] : text;
        return true;
    }

    private static ReadOnlySpan<byte> ContainerName(ReadOnlySpan<byte> json)
    {
        var at = 1;
        var isFirst = true;
        while (JsonScan.NextMember(json, ref at, isFirst, out var member))
        {
            isFirst = false;
            if (member.IsStringIn(json) && !member.IsEscaped && member.NameIn(json).SequenceEqual("container_name"u8)
                && ByteText.IsName(member.ValueIn(json)[1..^1]))
            {
                return member.ValueIn(json)[1..^1];
            }
        }

        return default;
    }

    // 2024-01-15T10:23:45.123456789Z stdout F line
    private static bool TryReadCri(ReadOnlySpan<byte> line, ref Envelope envelope)
    {
        if (line.Length < 30 || line[10] != (byte)'T')
        {
            return false;
        }

        var space = line[..Math.Min(line.Length, 48)].IndexOf(" std"u8);
        if (space < 19)
        {
            return false;
        }

        var rest = line[(space + 1)..];
        if (!(rest.StartsWith("stdout "u8) || rest.StartsWith("stderr "u8)) || rest.Length < 8
            || rest[7] is not ((byte)'F' or (byte)'P') || (rest.Length > 8 && rest[8] is not ((byte)' ' or (byte)':'))
            || !StampReader.TryReadAll(line[..space], out envelope.Stamp))
        {
            return false;
        }

        envelope.Stream = rest[..6];
        envelope.IsPartial = rest[7] == (byte)'P';
        var text = rest[8..].IndexOf((byte)' ');
        envelope.Line = text < 0 ? default : rest[(9 + text)..];
        return true;
    }

    // payments-1  | line
    private static bool TryReadCompose(ReadOnlySpan<byte> line, ref Envelope envelope)
    {
        var bar = line[..Math.Min(line.Length, MaxPrefixBytes)].IndexOf(" | "u8);
        if (bar < 2)
        {
            return false;
        }

        var name = ByteText.TrimEnd(line[..bar]);
        if (!ByteText.IsIdentifier(name) || name.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0)
        {
            return false;
        }

        // Compose numbers its containers: payments-1, payments_1.
        var dash = name.LastIndexOfAny((byte)'-', (byte)'_');
        if (dash <= 0 || !ByteText.IsNumber(name[(dash + 1)..]))
        {
            return false;
        }

        envelope.Service = name[..dash];
        envelope.Line = line[(bar + 3)..];
        return true;
    }

    // [pod/payments-6f7d-x2x/payments] line
    private static bool TryReadKubectl(ReadOnlySpan<byte> line, ref Envelope envelope)
    {
        if (!line.StartsWith("[pod/"u8))
        {
            return false;
        }

        var close = line[..Math.Min(line.Length, 300)].IndexOf("] "u8);
        var slash = close < 0 ? -1 : line[..close].LastIndexOf((byte)'/');
        if (slash < 5 || !ByteText.IsName(line[(slash + 1)..close]))
        {
            return false;
        }

        envelope.Service = line[(slash + 1)..close];
        envelope.Line = line[(close + 2)..];
        return true;
    }
}
