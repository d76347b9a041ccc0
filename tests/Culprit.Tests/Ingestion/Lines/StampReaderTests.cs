using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Records;
using Xunit;

namespace Culprit.Tests.Ingestion.Lines;

public sealed class StampReaderTests
{
    private const string Arrow = " => ";

    public static TheoryData<string, string> Cases() => Read();

    [Theory]
    [MemberData(nameof(Cases))]
    public void ATimestampIsReadAsTheCaseSays(string text, string expected)
    {
        var isRead = StampReader.TryRead(Encoding.UTF8.GetBytes(text), out var stamp, out var length);

        Assert.Equal(expected, isRead ? $"{Show(stamp)} {length}" : "none");
    }

    private static string Show(in Stamp stamp)
    {
        var time = UnixNanos.ToTime(stamp.Nanos);
        return stamp.Kind switch
        {
            StampKind.Complete => time.ToString("yyyy-MM-ddTHH:mm:ss.fff", CultureInfo.InvariantCulture),
            StampKind.NoYear => $"--{stamp.Month:00}-{stamp.Day:00}{time:'T'HH:mm:ss.fff}",
            StampKind.TimeOnly => time.ToString("'T'HH:mm:ss.fff", CultureInfo.InvariantCulture),
            _ => "none",
        };
    }

    private static TheoryData<string, string> Read([CallerFilePath] string here = "")
    {
        var cases = new TheoryData<string, string>();
        foreach (var line in File.ReadLines(Path.Combine(Path.GetDirectoryName(here)!, "..", "Cases", "line-timestamps.txt")))
        {
            if (line.Length > 0 && line[0] != '#')
            {
                var at = line.LastIndexOf(Arrow, StringComparison.Ordinal);
                cases.Add(line[..at], line[(at + Arrow.Length)..]);
            }
        }

        return cases;
    }
}
