using System.Buffers.Binary;
using VizPipeline.Network.Formats;

namespace VizPipeline.Tests.Network.Formats;

/// <summary>
/// Damages a valid small file in thousands of seeded ways and reads each: it must be read or refused with a
/// <see cref="ModelFormatException"/>, and no damage may make the reader ask for much more memory than the file has.
/// </summary>
internal static class MutationFuzz
{
    private const int Cases = 4000;

    // A reader's fixed costs (buffers, JSON and zip machinery) and objects per byte of the file.
    private const long AllowedBytes = 4 << 20;
    private const long AllowedBytesPerByte = 400;

    private static readonly long[] Traps =
    [
        0, 1, -1, 0x7f, 0x80, 0xff, 0xffff, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue, 1L << 32,
    ];

    /// <param name="valid">A file that the reader accepts.</param>
    /// <param name="read">The reader under test; gets a path.</param>
    /// <param name="extension">The extension of the damaged files.</param>
    public static void Check(byte[] valid, Action<string> read, string extension)
    {
        using var folder = new TempFolder();
        read(folder.Write("valid" + extension, valid));
        var random = new Random(4711);
        var refused = 0;
        for (var number = 0; number < Cases; number++)
        {
            var damaged = Damage(valid, random);
            var path = folder.Write("damaged" + extension, damaged);
            refused += Survives(read, path, damaged, number) ? 0 : 1;
        }
        Assert.InRange(refused, Cases / 20, Cases);
    }

    private static bool Survives(Action<string> read, string path, byte[] damaged, int number)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var accepted = true;
        try
        {
            read(path);
        }
        catch (ModelFormatException refusal)
        {
            accepted = false;
            Assert.DoesNotContain('\n', refusal.Message);
        }
        catch (Exception failure)
        {
            Assert.Fail($"case {number} ended in {failure}");
        }
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(
            allocated <= AllowedBytes + AllowedBytesPerByte * damaged.Length,
            $"case {number}: {allocated} bytes for a file of {damaged.Length}");
        return accepted;
    }

    private static byte[] Damage(byte[] valid, Random random)
    {
        var bytes = valid.ToList();
        for (var times = random.Next(1, 4); times > 0 && bytes.Count > 16; times--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(7))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 16), bytes.Count - at));
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count - 16), random.Next(1, 16)));
                    break;
                case 5:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                default:
                    SetTrap(bytes, at, random);
                    break;
            }
        }
        return [.. bytes];
    }

    // Numbers at the edges of their types, where a length or an offset may be.
    private static void SetTrap(List<byte> bytes, int at, Random random)
    {
        var trap = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(trap, Traps[random.Next(Traps.Length)]);
        var width = 1 << random.Next(4);
        for (var i = 0; i < width && at + i < bytes.Count; i++)
            bytes[at + i] = trap[i];
    }
}
