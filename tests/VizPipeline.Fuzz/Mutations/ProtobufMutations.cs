using System.Text;

namespace VizPipeline.Fuzz.Mutations;

/// <summary>
/// Edits fields of a protobuf message without knowing its schema: numbers, texts, and whole fields deleted, doubled or moved.
/// </summary>
internal static class ProtobufMutations
{
    private const int HighestField = 60;

    private static readonly string[] Words =
    [
        "Conv", "Gemm", "MatMul", "Add", "Mul", "Sub", "Div", "Concat", "Reshape", "Flatten", "Relu", "Softmax", "MaxPool",
        "AveragePool", "GlobalAveragePool", "BatchNormalization",
        "Pad", "Slice", "Split", "Transpose", "Squeeze", "Unsqueeze", "ReduceMean", "Clip", "Resize", "ConvTranspose",
        "LRN", "PRelu", "InstanceNormalization", "LayerNormalization",
        "Shape", "Gather", "Cast", "Constant", "ConstantOfShape", "Identity", "Dropout", "LpPool",
        "DequantizeLinear", "QuantizeLinear", "Expand", "Range", "Where", "Tile",
        "kernel_shape", "strides", "pads", "dilations", "group", "axis", "axes", "auto_pad", "SAME_UPPER", "SAME_LOWER", "VALID",
        "ceil_mode", "transA", "transB", "alpha", "beta", "epsilon", "",
    ];

    /// <summary>One to three edits.</summary>
    public static byte[] Mutate(byte[] message, Random random)
    {
        if (Parse(message, 0) is not { Count: > 0 } root)
            return message;
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            List<(List<Field> Siblings, Field Field)> all = [];
            Flatten(root, all, 0, isWeight: false);
            if (all.Count == 0)
                break;
            // Most numbers are sizes of weights, which have to be right for anything to follow.
            var inWeights = random.Next(4) == 0;
            var numbers = all.FindAll(one => one.Field.IsWeight == inWeights
                && (one.Field.Wire == 0
                    || (one.Field is { Wire: 2, Children: null, Bytes.Length: > 0 and < 40 } && !IsText(one.Field.Bytes))));
            if (random.Next(3) != 0 && numbers.Count > 0)
            {
                EditNumber(numbers[random.Next(numbers.Count)].Field, random);
                continue;
            }
            // Deep fields are many and alike; a walk from the top meets the others too.
            var (siblings, field) = random.Next(3) == 0 ? all[random.Next(Math.Min(all.Count, 40))] : all[random.Next(all.Count)];
            Edit(siblings, field, all, random);
        }
        return Write(root);
    }

    private static void Edit(List<Field> siblings, Field field, List<(List<Field> Siblings, Field Field)> all, Random random)
    {
        switch (random.Next(8))
        {
            case 0:
                siblings.Remove(field);
                break;
            case 1:
                siblings.Insert(random.Next(siblings.Count + 1), field.Copy());
                break;
            case 2:
                siblings.Remove(field);
                siblings.Insert(random.Next(siblings.Count + 1), field);
                break;
            case 3:
                var other = all[random.Next(all.Count)].Field;
                if (other.Wire == field.Wire)
                    (field.Number, field.Bytes, field.Children) = (other.Number, other.Bytes, other.Copy().Children);
                break;
            default:
                EditValue(field, random);
                break;
        }
    }

    /// <summary>Changes a number, or one of a packed list, or how many there are.</summary>
    private static void EditNumber(Field field, Random random)
    {
        if (field.Wire == 0)
        {
            field.Number = (ulong)ByteMutations.Trap(random, (long)field.Number);
            return;
        }
        var numbers = new List<ulong>();
        ReadOnlySpan<byte> rest = field.Bytes;
        while (rest.Length > 0 && TryVarint(ref rest, out var number))
            numbers.Add(number);
        var at = random.Next(numbers.Count + 1);
        if (at == numbers.Count || random.Next(6) == 0)
            numbers.Insert(at, (ulong)random.Next(-2, 5));
        else if (random.Next(6) == 0)
            numbers.RemoveAt(at);
        else
            numbers[at] = random.Next(2) == 0 ? (ulong)random.Next(-1, 9) : (ulong)ByteMutations.Trap(random, (long)numbers[at]);
        var bytes = new List<byte>();
        numbers.ForEach(number => Varint(bytes, number));
        field.Bytes = [.. bytes];
    }

    private static void EditValue(Field field, Random random)
    {
        if (field.Wire == 0)
            field.Number = (ulong)ByteMutations.Trap(random, (long)field.Number);
        else if (field.Wire == 2 && field.Children is { Count: > 0 } children)
            EditValue(children[random.Next(children.Count)], random);
        else if (field.Bytes.Length > 0 && random.Next(3) != 0)
            field.Bytes = IsText(field.Bytes) || random.Next(4) == 0
                ? Encoding.UTF8.GetBytes(Words[random.Next(Words.Length)])
                : ByteMutations.Damage(field.Bytes.Length > 16 ? field.Bytes : [.. field.Bytes, .. new byte[16]], field.Bytes, random)[..];
        else
            field.Bytes = Packed(random);
    }

    private static byte[] Packed(Random random)
    {
        var list = new List<byte>();
        for (var count = random.Next(0, 6); count > 0; count--)
            Varint(list, (ulong)ByteMutations.Trap(random, random.Next(4)));
        return [.. list];
    }

    private static bool IsText(byte[] bytes) => bytes.All(value => value is >= 32 and < 127);

    private static void Flatten(List<Field> fields, List<(List<Field>, Field)> all, int depth, bool isWeight)
    {
        foreach (var field in fields)
        {
            // A model's graph is its field 7, a graph's weights are its field 5.
            field.IsWeight = isWeight || (depth == 1 && field.Id == 5);
            all.Add((fields, field));
            if (field.Children is { } children)
                Flatten(children, all, depth + 1, field.IsWeight);
        }
    }

    private static List<Field>? Parse(ReadOnlySpan<byte> bytes, int depth)
    {
        var fields = new List<Field>();
        while (bytes.Length > 0)
        {
            if (!TryVarint(ref bytes, out var key) || key >> 3 is 0 or > HighestField)
                return null;
            var field = new Field { Id = (int)(key >> 3), Wire = (int)(key & 7) };
            switch (field.Wire)
            {
                case 0 when TryVarint(ref bytes, out var number):
                    field.Number = number;
                    break;
                case 1 or 5 when bytes.Length >= (field.Wire == 1 ? 8 : 4):
                    field.Bytes = bytes[..(field.Wire == 1 ? 8 : 4)].ToArray();
                    bytes = bytes[field.Bytes.Length..];
                    break;
                case 2 when TryVarint(ref bytes, out var length) && length <= (ulong)bytes.Length:
                    field.Bytes = bytes[..(int)length].ToArray();
                    field.Children = length > 1 && depth < 12 && !IsText(field.Bytes) ? Parse(field.Bytes, depth + 1) : null;
                    bytes = bytes[(int)length..];
                    break;
                default:
                    return null;
            }
            fields.Add(field);
        }
        return fields;
    }

    private static byte[] Write(List<Field> fields)
    {
        var bytes = new List<byte>();
        foreach (var field in fields)
        {
            Varint(bytes, (ulong)((field.Id << 3) | field.Wire));
            var content = field.Wire == 2 && field.Children is { } children ? Write(children) : field.Bytes;
            if (field.Wire == 0)
                Varint(bytes, field.Number);
            else if (field.Wire == 2)
                Varint(bytes, (ulong)content.Length);
            if (field.Wire != 0)
                bytes.AddRange(content);
        }
        return [.. bytes];
    }

    private static bool TryVarint(ref ReadOnlySpan<byte> bytes, out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 70 && bytes.Length > 0; shift += 7)
        {
            var next = bytes[0];
            bytes = bytes[1..];
            value |= (ulong)(next & 127) << shift;
            if (next < 128)
                return true;
        }
        return false;
    }

    private static void Varint(List<byte> bytes, ulong number)
    {
        for (; number >= 0x80; number >>= 7)
            bytes.Add((byte)(number | 0x80));
        bytes.Add((byte)number);
    }

    private sealed class Field
    {
        public int Id { get; init; }

        public int Wire { get; init; }

        public ulong Number { get; set; }

        public byte[] Bytes { get; set; } = [];

        public List<Field>? Children { get; set; }

        public bool IsWeight { get; set; }

        public Field Copy()
            => new() { Id = Id, Wire = Wire, Number = Number, Bytes = Bytes, Children = Children?.Select(child => child.Copy()).ToList() };
    }
}
