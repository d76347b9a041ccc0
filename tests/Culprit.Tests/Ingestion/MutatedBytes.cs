namespace Culprit.Tests.Ingestion;

/// <summary>What a fuzzer makes of a sound body: up to three bytes or runs changed, removed, added or repeated.</summary>
internal static class MutatedBytes
{
    /// <param name="added">What single bytes are added from: those that mean something to the decoder.</param>
    public static byte[] Of(byte[] seed, Random random, string added)
    {
        var bytes = seed.ToList();
        for (var times = random.Next(0, 4); times > 0 && bytes.Count > 0; times--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveAt(at);
                    break;
                case 2:
                    bytes.Insert(at, (byte)added[random.Next(added.Length)]);
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                    break;
                default:
                    bytes.InsertRange(at, bytes.Skip(random.Next(bytes.Count)).Take(random.Next(1, 12)).ToList());
                    break;
            }
        }

        return [.. bytes];
    }
}
