using System.Text;
using System.Text.Json;
using TorchSharp;
using VizPipeline.Network.Dictionaries;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Numpy;
using VizPipeline.Network.Formats.Safetensors;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;
using VizPipeline.Tests.Network.Formats.PyTorch;

namespace VizPipeline.Tests.Network.Dictionaries;

/// <summary>
/// Files in the layouts of each library. The features that the network computes are compared with the library's formula for one position,
/// written out here in float64.
/// </summary>
public sealed class DictionaryFileTests : IDisposable
{
    private const int Channels = 6;
    private const int Features = 10;
    private readonly TemporaryFolder _folder = new();
    private readonly Random _random = new(5);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("""{"architecture": "standard", "activation_fn": "relu", "apply_b_dec_to_input": true}""")]
    [InlineData("""{"activation_fn_str": "topk", "activation_fn_kwargs": {"k": 3}, "apply_b_dec_to_input": false}""")]
    [InlineData("""{"architecture": "topk", "k": 4, "normalize_activations": "none"}""")]
    [InlineData("""{"architecture": "topk", "k": 2, "rescale_acts_by_decoder_norm": true, "apply_b_dec_to_input": false}""")]
    [InlineData("""{"architecture": "jumprelu", "apply_b_dec_to_input": false}""")]
    [InlineData("""{"architecture": "gated", "apply_b_dec_to_input": true}""")]
    public void SAELens(string config)
    {
        var (encoder, decoder, after) = (Weights(Channels, Features), Weights(Features, Channels), Weights(Channels));
        var (bias, threshold, gate, scale, magnitude) =
            (Weights(Features), Weights(Features), Weights(Features), Weights(Features), Weights(Features));
        var writer = new SafetensorsWriter().Add("W_enc", encoder, Channels, Features).Add("W_dec", decoder, Features, Channels)
            .Add("b_dec", after, Channels);
        using var json = JsonDocument.Parse(config);
        var isGated = config.Contains("gated", StringComparison.Ordinal);
        if (isGated)
            writer.Add("b_gate", gate, Features).Add("r_mag", scale, Features).Add("b_mag", magnitude, Features);
        else
            writer.Add("b_enc", bias, Features).Add("threshold", threshold, Features);
        Directory.CreateDirectory(_folder.File("sae"));
        writer.WriteTo(_folder.File("sae/sae_weights.safetensors"));
        File.WriteAllText(_folder.File("sae/cfg.json"), config);

        Check(DictionaryFile.Read(_folder.File("sae"), Channels), input =>
        {
            var subtracts = !json.RootElement.TryGetProperty("apply_b_dec_to_input", out var flag) || flag.GetBoolean();
            var centred = input.Select((value, i) => value - (subtracts ? after[i] : 0)).ToArray();
            var products = Times(centred, encoder);
            if (isGated)
                return [.. products.Select(
                    (value, i) => value + gate[i] > 0 ? Math.Max(0, (Math.Exp(scale[i]) * value) + magnitude[i]) : 0)];
            var before = products.Select((value, i) => value + bias[i]).ToArray();
            if (json.RootElement.TryGetProperty("rescale_acts_by_decoder_norm", out _))
                before = [.. before.Select((value, i) => value * Length(decoder, i))];
            return config.Contains("topk", StringComparison.Ordinal)
                ? Top(before, config.Contains("kwargs", StringComparison.Ordinal) ? 3 : json.RootElement.GetProperty("k").GetInt32())
                : config.Contains("jumprelu", StringComparison.Ordinal)
                    ? [.. before.Select((value, i) => value > threshold[i] ? Math.Max(0, value) : 0)]
                    : [.. before.Select(value => Math.Max(0, value))];
        });
    }

    [Theory]
    [InlineData("""{"schema": 2, "cfg": {"d_vit": 6, "activation": {"cls": "TopK", "params": {"top_k": 3}}}}""", 3)]
    [InlineData("""{"schema": 1, "cls": "TopK", "cfg": {"d_vit": 6, "top_k": 2}}""", 2)]
    [InlineData("""{"d_vit": 6, "exp_factor": 2}""", 0)]
    public void Saev(string header, int count)
    {
        var (encoder, bias, decoder, after) =
            (Weights(Channels, Features), Weights(Features), Weights(Features, Channels), Weights(Channels));
        var state = State(
            ("W_enc", encoder, [Channels, Features]), ("b_enc", bias, [Features]), ("W_dec", decoder, [Features, Channels]),
            ("b_dec", after, [Channels]));
        File.WriteAllBytes(_folder.File("sae.pt"), [.. Encoding.UTF8.GetBytes(header + "\n"), .. state]);

        var read = DictionaryFile.Read(_folder.File("sae.pt"), Channels);
        Assert.Equal("saev", read.Layout);
        Check(read, input =>
        {
            var before = Times(input, encoder).Select((value, i) => value + bias[i]).ToArray();
            return count > 0 ? Top(before, count) : [.. before.Select(value => Math.Max(0, value))];
        });
    }

    [Theory]
    [InlineData("encoder.final_block", "dictionary._weights", true)]
    [InlineData("encoder", "dictionary.dictionary", false)]
    public void Overcomplete(string stem, string dictionary, bool jumps)
    {
        var (weight, bias, decoder) = (Weights(Features, Channels), Weights(Features), Weights(Features, Channels));
        var (gamma, beta, mean, variance) = (
            Weights(Features), Weights(Features), Weights(Features), Weights(Features).Select(value => Math.Abs(value) + 0.1f).ToArray());
        var logarithms = Weights(Features);
        List<(string, float[], long[])> tensors = [
            ($"{stem}.0.weight", weight, [Features, Channels]), ($"{stem}.0.bias", bias, [Features]),
            ($"{stem}.1.weight", gamma, [Features]), ($"{stem}.1.bias", beta, [Features]), ($"{stem}.1.running_mean", mean, [Features]),
            ($"{stem}.1.running_var", variance, [Features]), (dictionary, decoder, [Features, Channels])];
        if (jumps)
            tensors.Add(("thresholds", logarithms, [Features]));
        File.WriteAllBytes(_folder.File("sae.pth"), State([.. tensors]));

        if (!jumps)
            Assert.Contains(
                "activation", Assert.Throws<ModelFormatException>(() => DictionaryFile.Read(_folder.File("sae.pth"), Channels)).Message);
        var read = DictionaryFile.Read(_folder.File("sae.pth"), Channels, jumps ? null : new DictionarySettings { Count = 4 });
        Assert.Equal("Overcomplete", read.Layout);
        Assert.Equal(decoder, read.Decoder!.Values);
        Check(read, input =>
        {
            var codes = Enumerable.Range(0, Features).Select(i =>
            {
                var sum = Enumerable.Range(0, Channels).Sum(c => input[c] * weight[(i * Channels) + c]) + bias[i];
                return ((sum - mean[i]) / Math.Sqrt(variance[i] + 1e-5) * gamma[i]) + beta[i];
            }).ToArray();
            return jumps ? [.. codes.Select((code, i) => code >= Math.Exp(logarithms[i]) ? code : 0)] : Top(codes, 4);
        });
    }

    [Fact]
    public void Plain_files_written_by_viz_say_everything_and_are_the_same_each_time()
    {
        foreach (var activation in Enum.GetValues<DictionaryActivation>())
        {
            var dictionary = new FeatureDictionary
            {
                Encoder = new FloatTensor("W_enc", [Features, Channels], Weights(Features, Channels)),
                EncoderBias = new FloatTensor("b_enc", [Features], Weights(Features)),
                InputBias = new FloatTensor("b_pre", [Channels], Weights(Channels)),
                Activation = activation,
                Count = activation == DictionaryActivation.TopK ? 3 : 0,
                Thresholds = activation == DictionaryActivation.JumpRelu
                    ? new FloatTensor("threshold", [Features], Weights(Features)) : null,
                Layout = "plain",
            };
            DictionaryFile.Write(_folder.File("plain.safetensors"), dictionary);
            var bytes = File.ReadAllBytes(_folder.File("plain.safetensors"));
            Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)), DictionaryFile.Hash(dictionary));

            var read = DictionaryFile.Read(_folder.File("plain.safetensors"), Channels);
            Assert.Equal((activation, dictionary.Count), (read.Activation, read.Count));
            Assert.Equal(DictionaryFile.Hash(dictionary), DictionaryFile.Hash(read));
            Check(read, input =>
            {
                var centred = input.Select((value, i) => value - dictionary.InputBias.Values[i]).ToArray();
                var before = Enumerable.Range(0, Features).Select(i => dictionary.EncoderBias.Values[i]
                    + Enumerable.Range(0, Channels).Sum(c => centred[c] * dictionary.Encoder.Values[(i * Channels) + c])).ToArray();
                return activation switch
                {
                    DictionaryActivation.None => before,
                    DictionaryActivation.Relu => [.. before.Select(value => Math.Max(0, value))],
                    DictionaryActivation.TopK => Top(before, 3),
                    _ => [.. before.Select((value, i) => value > dictionary.Thresholds!.Values[i] ? Math.Max(0, value) : 0)],
                };
            });
        }
    }

    [Fact]
    public void Directions_are_rows_of_a_table_and_a_probe_has_a_bias()
    {
        var (rows, bias) = (Weights(3, Channels), Weights(3));
        NpyArray.Write(_folder.File("concepts.npy"), new FloatTensor("concepts", [3, Channels], rows));
        new SafetensorsWriter().Add("fc.weight", rows, 3, Channels).Add("fc.bias", bias, 3).WriteTo(_folder.File("probe.safetensors"));

        double[] Products(double[] input, float[]? added) => [.. Enumerable.Range(0, 3).Select(i => (added?[i] ?? 0)
            + Enumerable.Range(0, Channels).Sum(c => input[c] * rows[(i * Channels) + c]))];
        Check(DictionaryFile.Read(_folder.File("concepts.npy"), Channels), input => Products(input, null));
        Check(DictionaryFile.Read(_folder.File("probe.safetensors"), Channels), input => Products(input, bias));
    }

    [Theory]
    [InlineData("""{"architecture": "standard", "normalize_activations": "layer_norm"}""", "layer_norm")]
    [InlineData("""{"architecture": "matching_pursuit"}""", "matching_pursuit")]
    [InlineData("""{"architecture": "topk"}""", "k must be from 1 to 10, not 0")]
    [InlineData("""{"architecture": "topk", "k": 11}""", "k must be from 1 to 10, not 11")]
    [InlineData("""{"architecture": "topk", "k": 1e99}""", "'k' is not an integer")]
    [InlineData("""{"architecture": "gated"}""", "has no tensor 'b_gate'")]
    [InlineData("""{"architecture": "jumprelu"}""", "has no thresholds")]
    [InlineData("""{"architecture": """, "not JSON")]
    public void What_a_SAELens_file_lacks_is_said(string config, string expected)
    {
        new SafetensorsWriter().Add("W_enc", Weights(Channels, Features), Channels, Features)
            .WriteTo(_folder.File("sae_weights.safetensors"));
        File.WriteAllText(_folder.File("cfg.json"), config);
        var fault = Assert.Throws<ModelFormatException>(() => DictionaryFile.Read(_folder.Path, Channels));
        Assert.Contains(expected, fault.Message);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Fact]
    public void Wrong_shapes_and_values_are_refused_by_name()
    {
        void Refused(string expected, Action<SafetensorsWriter> fill, int channels = Channels)
        {
            var writer = new SafetensorsWriter();
            writer.Metadata["activation"] = "relu";
            fill(writer);
            writer.WriteTo(_folder.File("bad.safetensors"));
            Assert.Contains(
                expected,
                Assert.Throws<ModelFormatException>(() => DictionaryFile.Read(_folder.File("bad.safetensors"), channels)).Message);
        }
        Refused("the layer has 7 channels", file => file.Add("W_enc", Weights(Channels, Features), Channels, Features), 7);
        Refused("'W_enc' has shape [60]", file => file.Add("W_enc", Weights(60), 60));
        Refused("'b_enc' has 3 values", file => file.Add("W_enc", Weights(Channels, Features), Channels, Features)
            .Add("b_enc", Weights(3), 3));
        Refused("'W_dec' has shape [6, 10]", file => file.Add("W_enc", Weights(Channels, Features), Channels, Features)
            .Add("W_dec", Weights(Channels, Features), Channels, Features));
        Refused("values that are not numbers", file => file.Add("W_enc", Weights(Channels, Features), Channels, Features)
            .Add("b_enc", [.. Enumerable.Repeat(float.NaN, Features)], Features));
        Refused("no layout of a dictionary", file => file.Add("a", Weights(2, 2), 2, 2).Add("b", Weights(2, 2), 2, 2));
        Refused("'W_enc' has shape [0, 6]", file => file.Add("W_enc", Array.Empty<float>(), 0, Channels));
    }

    // A 1x1 network whose observed layer has any values, so that the dictionary sees what the test chose.
    private void Check(FeatureDictionary dictionary, Func<double[], double[]> formula)
    {
        var weight = new float[Channels * Channels];
        for (var i = 0; i < Channels; i++)
            weight[(i * Channels) + i] = 1;
        var builder = new GraphBuilder(new Shape(Channels, 3, 4));
        var conv = builder.Add("same", new Convolution(
            new FloatTensor("same.weight", [Channels, Channels, 1, 1], weight), null, Window.Square(1)), GraphBuilder.Input);
        var pooled = builder.Add("flat", new Flatten(), builder.Add("pool", new GlobalAveragePool(), conv));
        var plain = builder.Build("identity", builder.Add("fc", new Linear(
            new FloatTensor("fc.weight", [2, Channels], Weights(2, Channels)), null), pooled));
        var graph = Readout.Attach(plain, "same", "sae", dictionary);
        Assert.Equal(["same", "same@sae", "logits"], graph.Layers.Select(layer => layer.Name));
        Assert.Equal([0, 1, 2], graph.Layers.Select(layer => layer.Index));
        Assert.Equal(plain.Parameters, graph.Parameters);

        using var runner = new NetworkRunner(graph);
        using var scope = torch.NewDisposeScope();
        var images = RandomNetworks.Images(graph, 2, 3);
        var found = runner.Forward(images, graph.Layers[1].Node).ToArray();
        var inputs = images.ToArray();
        for (var n = 0; n < 2; n++)
        {
            for (var place = 0; place < 12; place++)
            {
                double[] input = [.. Enumerable.Range(0, Channels).Select(c => (double)inputs[(((n * Channels) + c) * 12) + place])];
                var expected = formula(input);
                for (var i = 0; i < expected.Length; i++)
                    Assert.Equal(expected[i], found[(((n * expected.Length) + i) * 12) + place], 1e-5);
            }
        }
    }

    private float[] Weights(params int[] shape) =>
        [.. Enumerable.Range(0, shape.Aggregate(1, (product, extent) => product * extent))
            .Select(_ => (float)(_random.NextDouble() - 0.4))];

    private static double[] Times(double[] input, float[] encoder) =>
        [.. Enumerable.Range(0, Features).Select(i => Enumerable.Range(0, Channels).Sum(c => input[c] * encoder[(c * Features) + i]))];

    private static double Length(float[] rows, int row) =>
        Math.Sqrt(rows.Skip(row * Channels).Take(Channels).Sum(value => (double)value * value));

    private static double[] Top(double[] before, int count)
    {
        var least = before.OrderDescending().ElementAt(count - 1);
        return [.. before.Select(value => value >= least ? Math.Max(0, value) : 0)];
    }

    private static byte[] State(params (string Name, float[] Values, long[] Shape)[] tensors)
    {
        var pickle = new PickleWriter().OrderedDict(dict =>
        {
            foreach (var (i, (name, values, shape)) in tensors.Index())
                dict.Text(name).Tensor($"{i}", values.Length, shape, shape.Length == 2 ? [shape[1], 1] : [1]);
        });
        return TorchZip.Of(pickle.End(), [.. tensors.Select((tensor, i) => TorchZip.Floats($"{i}", tensor.Values))]);
    }
}
