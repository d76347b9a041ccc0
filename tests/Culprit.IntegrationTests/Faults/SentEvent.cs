using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Culprit.IntegrationTests.Faults;

/// <summary>An event of the driver: all of it follows from seed, stream and number, so an altered or invented one shows.</summary>
internal readonly record struct SentEvent(int Seed, int Stream, int Number)
{
    public string Id => string.Create(CultureInfo.InvariantCulture, $"{Stream}-{Number}");

    /// <summary>Between 64 and about 1,000 characters.</summary>
    public string Message
    {
        get
        {
            Span<byte> name = stackalloc byte[12];
            BinaryPrimitives.WriteInt32LittleEndian(name, Seed);
            BinaryPrimitives.WriteInt32LittleEndian(name[4..], Stream);
            BinaryPrimitives.WriteInt32LittleEndian(name[8..], Number);
            var digest = SHA256.HashData(name);
            var text = new StringBuilder(Convert.ToHexString(digest));
            text.Insert(0, Convert.ToHexString(digest) + " ", digest[0] % 15);
            return text.ToString();
        }
    }

    public string ToJson() => $$"""{"id":"{{Id}}","service":"driver-{{Stream}}","environment":"test","level":"info","message":"{{Message}}"}""";

    /// <summary>The stream and number of an id; false for one that no driver sends.</summary>
    public static bool TryParseId(string id, out int stream, out int number)
    {
        stream = number = 0;
        return id.Split('-') is [var first, var second]
            && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out stream)
            && int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
