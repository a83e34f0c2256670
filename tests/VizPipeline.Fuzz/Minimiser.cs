namespace VizPipeline.Fuzz;

/// <summary>Makes a failing input smaller as long as it fails.</summary>
public static class Minimiser
{
    /// <summary>Leaves out parts, large ones first, then sets bytes to zero.</summary>
    /// <param name="input">Fails.</param>
    /// <param name="fails">Whether an input still fails in the same way.</param>
    /// <param name="tries">How often that may be asked.</param>
    public static byte[] Shrink(byte[] input, Func<byte[], bool> fails, int tries)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(fails);
        for (var size = input.Length / 2; size > 0 && tries > 0; size /= 2)
        {
            for (var at = 0; at < input.Length && tries > 0; tries--)
            {
                byte[] shorter = [.. input[..at], .. input[Math.Min(input.Length, at + size)..]];
                if (shorter.Length < input.Length && fails(shorter))
                    input = shorter;
                else
                    at += size;
            }
        }
        return input;
    }
}
