using System.CommandLine;
using VizPipeline.Images;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Numpy;
using VizPipeline.Network.Formats.Safetensors;

namespace VizPipeline.Cli.CommandLine;

/// <summary>The output file of a command; its extension determines the format. It is written atomically.</summary>
internal sealed class OutputFile
{
    private readonly string _path;
    private readonly string _extension;

    private OutputFile(string path, string extension) => (_path, _extension) = (path, extension);

    /// <summary>Whether the output is a picture rather than arrays.</summary>
    public bool IsPicture => _extension == ".png";

    /// <summary>Creates the option, common to all commands.</summary>
    public static Option<string> CreateOption() => new("--out")
    {
        Description = "Output file: .png for a picture, .safetensors or .npy for the arrays",
        Required = true,
    };

    /// <summary>Checks the path, before anything is computed.</summary>
    /// <exception cref="UsageException">The extension is unknown, or the path is a folder.</exception>
    public static OutputFile Parse(string path)
    {
        var extension = Path.GetExtension(path).ToLowerInvariant();
        if (Directory.Exists(path))
            throw new UsageException($"--out '{path}' is a folder; give a file");
        if (extension is not (".png" or ".safetensors" or ".npy"))
            throw new UsageException($"--out '{path}' has no known extension; give .png, .safetensors or .npy");
        return new OutputFile(path, extension);
    }

    /// <summary>Checks that the format can store the number of arrays.</summary>
    /// <exception cref="UsageException">The file is a .npy file, which stores one array, and there are more.</exception>
    public void CheckArrayCount(int arrays)
    {
        if (_extension == ".npy" && arrays > 1)
            throw new UsageException(
                $"--out '{_path}' can store only one array, but there are {arrays}; choose one layer, or give .safetensors");
    }

    /// <summary>Writes a picture as PNG and prints a line about it.</summary>
    public void Write(RgbImage picture)
    {
        CreateFolder();
        var bytes = Png.Encode(picture);
        AtomicFile.Write(_path, stream => stream.Write(bytes));
        Console.WriteLine($"wrote {_path}: {picture.Width}x{picture.Height} pixels");
    }

    /// <summary>Writes arrays and prints a line about them.</summary>
    public void Write(params IReadOnlyList<FloatTensor> arrays)
    {
        CheckArrayCount(arrays.Count);
        CreateFolder();
        if (_extension == ".npy")
            NpyArray.Write(_path, arrays[0]);
        else
            arrays.Aggregate(new SafetensorsWriter(), (writer, array) => writer.Add(array)).WriteTo(_path);
        Console.WriteLine(
            $"wrote {_path}: {(arrays is [var single] ? single.ToString() : $"{arrays.Count} arrays, {arrays[0]} to {arrays[^1]}")}");
    }

    private void CreateFolder()
    {
        if (Path.GetDirectoryName(Path.GetFullPath(_path)) is { } folder)
            Directory.CreateDirectory(folder);
    }
}
