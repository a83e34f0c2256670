using System.Buffers;
using System.Runtime.InteropServices;

namespace VizPipeline.Fuzz;

/// <summary>
/// Fills memory that is free with a byte of choice. A reader whose results depend on the byte shows memory that it never wrote: it must
/// give
/// the same after two different ones.
/// </summary>
public static partial class FreedMemory
{
    // glibc's option that fills blocks as they are handed out and given back. It leaves out the smallest, of which it keeps some of each
    // size.
    private const int Perturb = -6;
    // These are the sizes that fill their blocks to the end.
    private const int SmallestCachedBlock = 24;
    private const int LargestCachedBlock = 1032;
    private const int BlockGrain = 16;
    private const int BlocksPerSize = 7;

    // Arrays of up to this size are what the pool gives most readers.
    private const int LargestArray = 1 << 20;

    /// <summary>Fills what native code will be given, until the result is disposed, and this thread's arrays in the shared pool.</summary>
    /// <param name="garbage">Neither 0 nor 255, which mean that nothing is filled, or filled with 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="garbage"/> is 0 or 255.</exception>
    public static IDisposable Fill(byte garbage)
    {
        ArgumentOutOfRangeException.ThrowIfZero(garbage);
        ArgumentOutOfRangeException.ThrowIfEqual(garbage, byte.MaxValue);
        FillSmallBlocks(garbage);
        for (var size = 16; size <= LargestArray; size *= 2)
        {
            var array = ArrayPool<byte>.Shared.Rent(size);
            array.AsSpan().Fill(garbage);
            ArrayPool<byte>.Shared.Return(array);
        }
        // Blocks are handed out with the complement of the number given.
        _ = SetAllocator(Perturb, garbage ^ byte.MaxValue);
        return new Filling();
    }

    private static unsafe void FillSmallBlocks(byte garbage)
    {
        Span<nint> blocks = stackalloc nint[BlocksPerSize];
        for (var size = SmallestCachedBlock; size <= LargestCachedBlock; size += BlockGrain)
        {
            for (var i = 0; i < BlocksPerSize; i++)
            {
                blocks[i] = Marshal.AllocHGlobal(size);
                new Span<byte>((void*)blocks[i], size).Fill(garbage);
            }
            foreach (var block in blocks)
                Marshal.FreeHGlobal(block);
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetAllocator(int option, int value);

    private sealed class Filling : IDisposable
    {
        public void Dispose() => _ = SetAllocator(Perturb, 0);
    }
}
