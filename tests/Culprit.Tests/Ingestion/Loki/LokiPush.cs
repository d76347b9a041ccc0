using System.Text;

namespace Culprit.Tests.Ingestion.Loki;

/// <summary>Writes pushes as protobuf, as Promtail and Alloy do.</summary>
internal static class LokiPush
{
    public static byte[] Request(params byte[][] streams) => [.. streams.SelectMany(stream => Field(1, stream))];

    public static byte[] Stream(string labels, params byte[][] entries) =>
        [.. Field(1, Encoding.UTF8.GetBytes(labels)), .. entries.SelectMany(entry => Field(2, entry)), .. Varint((3 << 3) | 0), .. Varint(99)];

    public static byte[] Entry(long unixNanos, string line, params (string Name, string Value)[] metadata) =>
    [
        .. Field(1, [.. Varint(1 << 3), .. Varint(unixNanos / 1_000_000_000), .. Varint(2 << 3), .. Varint(unixNanos % 1_000_000_000)]),
        .. Field(2, Encoding.UTF8.GetBytes(line)),
        .. metadata.SelectMany(pair => Field(3, [.. Field(1, Encoding.UTF8.GetBytes(pair.Name)), .. Field(2, Encoding.UTF8.GetBytes(pair.Value))])),
    ];

    public static byte[] Field(int number, byte[] content) => [.. Varint((number << 3) | 2), .. Varint(content.Length), .. content];

    private static byte[] Varint(long value)
    {
        var bytes = new List<byte>();
        for (var rest = (ulong)value; ; rest >>= 7)
        {
            bytes.Add((byte)(rest < 0x80 ? rest : (rest & 0x7F) | 0x80));
            if (rest < 0x80)
            {
                return [.. bytes];
            }
        }
    }
}
