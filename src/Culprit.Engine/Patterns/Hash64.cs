using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Culprit.Engine.Patterns;

/// <summary>The hash behind pattern ids: the same in every process and on every machine. Never change it: ids are stored.</summary>
/// <remarks>
/// Built on the folded 128-bit product of wyhash/mum. Not keyed, because shards must agree; someone who can choose
/// log lines can make two of them collide, which merges those two patterns and nothing else.
/// </remarks>
internal static class Hash64
{
    /// <summary>Stands for a variable in a key.</summary>
    public const ulong Variable = 0x9E3779B97F4A7C15;

    private const ulong K0 = 0xA0761D6478BD642F;
    private const ulong K1 = 0xE7037ED1A0B428DB;
    private const ulong K2 = 0x8EBC6AF09C88C6E3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Mix(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return high ^ low;
    }

    /// <summary>Hash of a word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of(ReadOnlySpan<byte> bytes)
    {
        ref var r = ref MemoryMarshal.GetReference(bytes);
        var n = bytes.Length;
        if (n > 16)
        {
            return Long(bytes);
        }

        ulong a;
        ulong b;
        if (n >= 8)
        {
            a = Load8(ref r);
            b = Load8(ref Unsafe.Add(ref r, n - 8));
        }
        else if (n >= 4)
        {
            a = Load4(ref r);
            b = Load4(ref Unsafe.Add(ref r, n - 4));
        }
        else if (n > 0)
        {
            a = ((ulong)r << 16) | ((ulong)Unsafe.Add(ref r, n >> 1) << 8) | Unsafe.Add(ref r, n - 1);
            b = 0;
        }
        else
        {
            a = b = 0;
        }

        return Mix(a ^ K0, b ^ K1 ^ ((ulong)n << 56));
    }

    /// <summary>Adds one part (a separator and a token) to a line's key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Add(ulong key, ulong separator, ulong token)
    {
        // Two multiplications, of which only the second waits for the token before.
        var part = (token ^ BitOperationsRotate(separator)) * K2;
        key = (key ^ part) * K1;
        return key ^ (key >> 29);
    }

    /// <summary>Closes a line's key; never 0, which means "none".</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Finish(ulong key, ulong tail)
    {
        var id = Mix(key ^ K0, tail ^ K2);
        return id == 0 ? 1 : id;
    }

    private static ulong Long(ReadOnlySpan<byte> bytes)
    {
        ref var r = ref MemoryMarshal.GetReference(bytes);
        var h = Mix((ulong)bytes.Length ^ K0, K2);
        var i = 0;
        for (; i + 16 < bytes.Length; i += 16)
        {
            h = Mix(Load8(ref Unsafe.Add(ref r, i)) ^ K1 ^ h, Load8(ref Unsafe.Add(ref r, i + 8)) ^ K0);
        }

        var last = bytes.Length - 16;
        return Mix(Load8(ref Unsafe.Add(ref r, last)) ^ K1 ^ h, Load8(ref Unsafe.Add(ref r, last + 8)) ^ K0);
    }

    private static ulong BitOperationsRotate(ulong value) => System.Numerics.BitOperations.RotateLeft(value, 23);

    private static ulong Load8(ref byte at)
    {
        var value = Unsafe.ReadUnaligned<ulong>(ref at);
        return BitConverter.IsLittleEndian ? value : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(value);
    }

    private static ulong Load4(ref byte at)
    {
        var value = Unsafe.ReadUnaligned<uint>(ref at);
        return BitConverter.IsLittleEndian ? value : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(value);
    }
}
