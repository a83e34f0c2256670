using System.Text;
using VizPipeline.Network.Formats;
using VizPipeline.Sample.Training;

namespace VizPipeline.Sample.Model;

/// <summary>The trained sample network that ships with the product. Also writes newly trained ones in the same form.</summary>
public static class SampleNetwork
{
    /// <summary>File name of the network.</summary>
    public const string ModelFile = "sample-network.onnx";

    /// <summary>File name of its description: classes, preprocessing, training.</summary>
    public const string DescriptionFile = "sample-network.json";

    /// <summary>File name of its preprocessing; commands find it next to the model by this name.</summary>
    public const string PreprocessingFile = "sample-network.preprocess.json";

    /// <summary>File name of its class list, one name per line.</summary>
    public const string ClassesFile = "sample-network.classes.txt";

    /// <summary>Preprocessing, classes and training of the shipped network.</summary>
    public static SampleDescription Description => SampleDescription.Parse(new MemoryStream(Shipped(DescriptionFile)));

    /// <summary>The shipped ONNX file.</summary>
    public static byte[] Model => Shipped(ModelFile);

    /// <summary>Copies the shipped network into a folder, with the accompanying files that commands look for.</summary>
    /// <returns>The path of the network's file.</returns>
    public static string WriteTo(string folder) => Write(folder, Model, Shipped(DescriptionFile), Description);

    /// <summary>Writes a network that <see cref="SampleTrainer"/> trained, as the same files.</summary>
    /// <returns>The path of the network's file.</returns>
    public static string WriteTo(string folder, TrainedNetwork trained)
    {
        ArgumentNullException.ThrowIfNull(trained);
        var description = SampleDescription.From(trained);
        return Write(folder, OnnxWriter.Write(trained.Weights), description.ToJson(), description);
    }

    private static string Write(string folder, byte[] model, byte[] json, SampleDescription description)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        Directory.CreateDirectory(folder);
        AtomicFile.Write(Path.Combine(folder, DescriptionFile), json);
        AtomicFile.Write(
            Path.Combine(folder, PreprocessingFile), Encoding.UTF8.GetBytes(description.Preprocessing.ToPreprocessing().ToJson() + "\n"));
        AtomicFile.Write(Path.Combine(folder, ClassesFile), Encoding.UTF8.GetBytes(string.Join('\n', description.Classes) + "\n"));
        // Written last, so that the network never appears without the files that describe it.
        var path = Path.Combine(folder, ModelFile);
        AtomicFile.Write(path, model);
        return path;
    }

    private static byte[] Shipped(string file)
    {
        using var stream = typeof(SampleNetwork).Assembly.GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"{file} is missing from this build: train it and build again");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
