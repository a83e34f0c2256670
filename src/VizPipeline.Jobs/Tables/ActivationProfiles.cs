using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace VizPipeline.Jobs;

/// <summary>
/// The activations of a layer's neurons on a sample of the images, written by <see cref="MergeLayer"/> and used to compare neurons.
/// </summary>
/// <remarks>
/// File format, all numbers little-endian: the eight letters <c>VIZPROF1</c>, the number of neurons (int32), the number of images (int32),
/// the images' indices (int32 each), the activations (float32 each, neuron by neuron), end of file.
/// </remarks>
public sealed record ActivationProfiles
{
    private const int HeaderBytes = 16;

    /// <summary>Initializes the profiles of a layer.</summary>
    /// <param name="neurons">Number of neurons in the layer.</param>
    /// <param name="images">Indices of the sampled images in the image list, ascending; empty if there is no sample.</param>
    /// <param name="values">Activations (spatial maxima), [neurons, images], finite.</param>
    /// <exception cref="ArgumentException">The sizes of the arguments do not match.</exception>
    public ActivationProfiles(int neurons, int[] images, float[] values)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(values);
        if (Fault(neurons, images, values) is { } fault)
            throw new ArgumentException(fault);
        (Neurons, Images, Values) = (neurons, images, values);
    }

    private static ReadOnlySpan<byte> Magic => "VIZPROF1"u8;

    /// <summary>Number of neurons in the layer.</summary>
    public int Neurons { get; }

    /// <summary>Indices of the sampled images in the image list, ascending.</summary>
    public int[] Images { get; }

    /// <summary>Activations, [neurons, images].</summary>
    public float[] Values { get; }

    /// <summary>Writes the file. The same profiles always give the same bytes.</summary>
    public byte[] Write()
    {
        var bytes = new byte[checked(HeaderBytes + (sizeof(int) * Images.Length) + (sizeof(float) * Values.Length))];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Neurons);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), Images.Length);
        MemoryMarshal.AsBytes<int>(Images).CopyTo(bytes.AsSpan(HeaderBytes));
        MemoryMarshal.AsBytes<float>(Values).CopyTo(bytes.AsSpan(HeaderBytes + (sizeof(int) * Images.Length)));
        return bytes;
    }

    /// <summary>Reads the output of <see cref="Write"/>.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="name">Its name, for the message.</param>
    /// <exception cref="CorruptTableException">The file is damaged.</exception>
    public static ActivationProfiles Read(ReadOnlyMemory<byte> bytes, string name)
    {
        var file = bytes.Span;
        if (file.Length < HeaderBytes || !file.StartsWith(Magic))
            throw new CorruptTableException($"{name}: does not begin as activation profiles do");
        var (neurons, count) = (BinaryPrimitives.ReadInt32LittleEndian(file[8..]), BinaryPrimitives.ReadInt32LittleEndian(file[12..]));
        if (neurons < 0 || count < 0)
            throw new CorruptTableException($"{name}: has {neurons} neurons and {count} images");
        // Check before allocating by numbers that may be damaged.
        var length = HeaderBytes + ((Int128)sizeof(int) * count) + ((Int128)sizeof(float) * neurons * count);
        if (file.Length != length)
            throw new CorruptTableException($"{name}: has {file.Length} bytes, and {neurons} neurons on {count} images need {length}");
        var images = MemoryMarshal.Cast<byte, int>(file.Slice(HeaderBytes, sizeof(int) * count)).ToArray();
        var values = MemoryMarshal.Cast<byte, float>(file[(HeaderBytes + (sizeof(int) * count))..]).ToArray();
        return Fault(neurons, images, values) is { } fault ? throw new CorruptTableException($"{name}: {fault}") : new ActivationProfiles(
            neurons, images, values);
    }

    private static string? Fault(int neurons, ReadOnlySpan<int> images, ReadOnlySpan<float> values)
    {
        if (neurons < 0 || values.Length != (long)neurons * images.Length)
            return $"{values.Length} activations are not those of {neurons} neurons on {images.Length} images";
        for (var i = 0; i < images.Length; i++)
        {
            if (images[i] <= (i == 0 ? -1 : images[i - 1]))
                return $"image {images[i]} at place {i} is not in ascending order";
        }
        foreach (var value in values)
        {
            if (!float.IsFinite(value))
                return "an activation is not a finite number";
        }
        return null;
    }
}
