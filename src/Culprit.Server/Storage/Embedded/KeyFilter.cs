using System.Buffers.Binary;
using System.IO.Hashing;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Tells of a key that it is not in a set of records: a Bloom filter in blocks, each of which carries its own checksum.</summary>
/// <remarks>
/// 12 bits a key, 6 of which are asked, all in one block of 64 bytes: about 1 in 100 strangers is taken for a member. A block that is
/// damaged takes everybody for one, so that damage costs time, never an answer.
/// </remarks>
internal static class KeyFilter
{
    public const int BlockBytes = 64;

    private const int CheckedBytes = BlockBytes - 4;
    private const int KeysPerBlock = 40;

    private static ReadOnlySpan<uint> Probes => [0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b];

    public static byte[] Create(IReadOnlyCollection<ulong> hashes)
    {
        var blocks = new byte[BlockBytes * ((hashes.Count + KeysPerBlock - 1) / KeysPerBlock)];
        foreach (var hash in hashes)
        {
            var block = blocks.AsSpan(BlockBytes * BlockOf(hash, blocks.Length / BlockBytes), BlockBytes);
            foreach (var probe in Probes)
            {
                var bit = BitOf(hash, probe);
                block[bit / 8] |= (byte)(1 << (bit % 8));
            }
        }

        for (var at = 0; at < blocks.Length; at += BlockBytes)
        {
            var block = blocks.AsSpan(at, BlockBytes);
            BinaryPrimitives.WriteUInt32LittleEndian(block[CheckedBytes..], XxHash32.HashToUInt32(block[..CheckedBytes]));
        }

        return blocks;
    }

    /// <param name="column">Keeps equal texts in different columns apart.</param>
    public static ulong HashOf(int column, ReadOnlySpan<byte> key) => XxHash3.HashToUInt64(key, column);

    /// <summary>The one block that knows about the key.</summary>
    public static int BlockOf(ulong hash, int blocks) => (int)(((hash >> 32) * (ulong)blocks) >> 32);

    public static bool MayHold(ReadOnlySpan<byte> block, ulong hash)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(block[CheckedBytes..]) != XxHash32.HashToUInt32(block[..CheckedBytes]))
        {
            return true;
        }

        foreach (var probe in Probes)
        {
            var bit = BitOf(hash, probe);
            if ((block[bit / 8] & (1 << (bit % 8))) == 0)
            {
                return false;
            }
        }

        return true;
    }

    private static int BitOf(ulong hash, uint probe) => (int)((unchecked((uint)hash * probe) * (8UL * CheckedBytes)) >> 32);
}
