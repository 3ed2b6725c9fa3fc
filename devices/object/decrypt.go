package object

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// keySize is the size of the master key, of AES-256, in bytes.
const keySize = 32

// decrypt decodes a secret that was encrypted with another one, by AES-256 in
// CBC mode with the padding of PKCS #7.
func (s *Secret) decrypt(keyID string) error {
	key, err := secret(s.Tree(), keyID)
	if err != nil {
		return err
	}
	if len(key.data) != keySize {
		return fmt.Errorf("Key should be %d bytes in length", keySize)
	}
	iv64 := s.StoredString("iv")
	if iv64 == "" {
		return errors.New("IV is required to decrypt secret")
	}
	iv, err := decodeBase64([]byte(iv64))
	if err != nil {
		return err
	}
	if len(iv) != aes.BlockSize {
		return fmt.Errorf("IV should be %d bytes in length not %d", aes.BlockSize, len(iv))
	}
	data := s.data
	if s.StoredString("format") == "base64" {
		if data, err = decodeBase64(data); err != nil {
			return err
		}
	}
	if len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return fmt.Errorf("Length %d must be a multiple of block size %d", len(data), aes.BlockSize)
	}
	block, err := aes.NewCipher(key.data)
	if err != nil {
		return err
	}
	plain := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, data)
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > aes.BlockSize {
		return errors.New("Incorrect number of padding bytes found on decrypted data")
	}
	s.data = plain[:len(plain)-pad]
	return nil
}
