using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Kubernetes' own components: <c>E0115 10:23:45.123456   1234 file.go:12] message</c>.</summary>
internal sealed class KlogFormat : ILineFormat
{
    public string Name => "klog";

    public bool TryParse(ReadOnlySpan<byte> line, scoped ref LineFields fields)
    {
        if (line.Length < 24 || line[0] is not ((byte)'I' or (byte)'W' or (byte)'E' or (byte)'F') || line[5] != (byte)' '
            || !ClockReader.TryNumber(line, 1, 2, out var month) || !ClockReader.TryNumber(line, 3, 2, out var day)
            || !CivilDate.IsValid(2000, month, day))
        {
            return false;
        }

        var at = 6;
        if (!ClockReader.TryReadTime(line, ref at, out var nanos))
        {
            return false;
        }

        var close = line[..Math.Min(line.Length, 256)].IndexOf("] "u8);
        var head = close < at ? default : ByteText.Trim(line[at..close]);
        var pid = ByteText.FirstWord(head);
        if (!ByteText.IsNumber(pid) || !Severities.TryParse(line[..1], out var severity))
        {
            return false;
        }

        fields.SetSeverity(severity);
        fields.Stamp = new Stamp(StampKind.NoYear, nanos, (byte)month, (byte)day);
        fields.Message = line[(close + 2)..];
        fields.IsText = true;
        fields.Attributes.AddText("pid"u8, pid);
        fields.Attributes.AddText("caller"u8, ByteText.TrimStart(head[pid.Length..]));
        TrailingFields.Read(ref fields);
        return true;
    }
}
